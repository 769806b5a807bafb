package openapi_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/graph"
	"cloudapi/server/engine"
	"cloudapi/server/rest"
	"cloudapi/server/rest/openapi"
)

var update = flag.Bool("update", false, "write the documents anew")

const documents = "../../../docs"

// openAPI is the part of the OpenAPI description that the document uses.
type openAPI struct {
	OpenAPI    string
	Paths      map[string]*struct{ Get operation }
	Components struct {
		Schemas   map[string]schema
		Responses map[string]struct {
			Description string
			Content     map[string]struct{ Example json.RawMessage }
		}
	}
}

type operation struct {
	OperationID string
	Summary     string
	GraphQL     string `json:"x-graphql"`
	Parameters  []parameter
	Responses   map[string]struct {
		Content map[string]struct{ Example json.RawMessage }
	}
}

type parameter struct {
	Name, Description, In string
	Required              bool
	Schema                schema
	Content               map[string]struct{ Schema schema }
}

type schema struct {
	Type   any
	Format string
	// MaxLength is the maximum length of a text, 0 for none.
	MaxLength int
	Ref       string `json:"$ref"`
	Enum      []string
	// Properties are the properties of a dictionary.
	Properties map[string]struct {
		Type        any
		Description string
	}
}

// description is the content of /appserver/rest/openapi.json.
func description(t testing.TB) openAPI {
	t.Helper()
	w := httptest.NewRecorder()
	newRouter(t).ServeHTTP(w, httptest.NewRequest("GET", "/appserver/rest/openapi.json", nil))
	if got := w.Header().Get("Content-Type"); w.Code != 200 || got != "application/json" {
		t.Fatalf("status %d, type %s", w.Code, got)
	}
	var d openAPI
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	for _, item := range d.Paths {
		item.Get.Parameters = slices.DeleteFunc(item.Get.Parameters, func(p parameter) bool { return p.In == "header" })
	}
	return d
}

// newRouter returns the old URLs on the real schema, without resolvers.
func newRouter(t testing.TB) *rest.Handler {
	t.Helper()
	core := engine.New(engine.Options{
		Schema: graph.NewSchema(&graph.Resolver{}), Presenter: graphql.DefaultErrorPresenter,
	})
	h, err := rest.New(rest.Options{Engine: core, Describe: openapi.Describe})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestDocument checks that docs/rest.md and docs/openapi.json are up to date; go generate ./server/rest/openapi writes them.
func TestDocument(t *testing.T) {
	fresh(t, "rest.md", markdown(t, description(t)))
	fresh(t, "openapi.json", append(newRouter(t).OpenAPI(), '\n'))
}

// fresh compares a document with the expected text, or writes it.
func fresh(t *testing.T, name string, want []byte) {
	t.Helper()
	file := filepath.Join(documents, name)
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/%s is stale: make generate writes it anew", name)
	}
}

// preface is what stands before the methods; its examples are run by
// TestBrokenOff.
//
//go:embed testdata/preface.md
var preface string

func markdown(t *testing.T, d openAPI) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString(preface)
	service := ""
	for _, path := range sorted(d.Paths) {
		parts := strings.Split(path, "/")
		if parts[3] != service {
			service = parts[3]
			fmt.Fprintf(&out, "## %s\n\n", service)
		}
		method(&out, parts[4], path, d.Paths[path].Get)
	}
	out.WriteString("## Types\n\n| type | values |\n|---|---|\n")
	for _, name := range sorted(d.Components.Schemas) {
		if values := d.Components.Schemas[name].Enum; len(values) > 0 {
			fmt.Fprintf(&out, "| %s | `%s` |\n", name, strings.Join(values, "`, `"))
		}
	}
	for _, name := range sorted(d.Components.Schemas) {
		if keys := d.Components.Schemas[name].Properties; len(keys) > 0 && name != "Failure" {
			fmt.Fprintf(&out, "\n### %s\n\n| key | type | meaning |\n|---|---|---|\n", name)
			for _, key := range sorted(keys) {
				fmt.Fprintf(&out, "| %s | %v | %s |\n", key, keys[key].Type, keys[key].Description)
			}
		}
	}
	out.WriteString("\n## Failures\n\n| status | answer |\n|---|---|\n")
	for _, status := range sorted(d.Components.Responses) {
		example := d.Components.Responses[status].Content["application/json"].Example
		fmt.Fprintf(&out, "| %s | `%s` |\n", status, compact(t, example))
	}
	return out.Bytes()
}

func method(out *bytes.Buffer, name, path string, o operation) {
	fmt.Fprintf(out, "### %s\n\n%s\n\n    %s%s\n\n", name, o.Summary, path, query(o.Parameters))
	out.WriteString("| parameter | type | meaning |\n|---|---|---|\n")
	for _, p := range o.Parameters {
		title := p.Name
		if p.Required {
			title = "**" + title + "**"
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", title, p.kind(), p.Description)
	}
	fmt.Fprintf(out, "\n```json\n%s\n```\n\n", indented(o.Responses["200"].Content["application/json"].Example))
	fmt.Fprintf(out, "The same in GraphQL:\n\n```graphql\n%s\n```\n\n", strings.ReplaceAll(strings.TrimSpace(o.GraphQL), "\t", "  "))
}

func query(parameters []parameter) string {
	var pairs []string
	for _, p := range parameters {
		pairs = append(pairs, p.Name+"=<"+p.kind()+">")
	}
	return "?" + strings.Join(pairs, "&")
}

// kind returns the type of a parameter in the old document's words.
func (p parameter) kind() string {
	s := p.Schema
	if inJSON, ok := p.Content["application/json"]; ok {
		s = inJSON.Schema
	}
	switch {
	case s.Format == "uuid":
		return "guid"
	case s.Type == "array":
		return "list"
	case len(p.Content) > 0:
		return "dictionary"
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	}
	return fmt.Sprint(s.Type)
}

func indented(text json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return err.Error()
	}
	return out.String()
}

func compact(t *testing.T, text json.RawMessage) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
