package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/graph"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestSchemaIsServed: /schema.graphql returns a valid schema with descriptions to viewers who may introspect.
func TestSchemaIsServed(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	answer := a.Do(sent("GET", "/schema.graphql", ""), apitest.Member)
	if !strings.HasPrefix(answer.Body, `"A GraphQL API over the customer model of a cloud provider."`) {
		t.Errorf("the schema has no description: %.100s", answer.Body)
	}
	if answer.Status != http.StatusOK || answer.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Fatalf("%d %v", answer.Status, answer.Header)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: answer.Body})
	if err != nil {
		t.Fatal(err)
	}
	if got := schema.Types["Customer"].Description; got != "A customer of the cloud provider." {
		t.Errorf("Customer is described as %q", got)
	}
	again := a.Do(sent("GET", "/schema.graphql", "", "If-None-Match", answer.Header.Get("ETag")), apitest.Member)
	if again.Status != http.StatusNotModified || again.Body != "" {
		t.Errorf("again: %d with %d bytes", again.Status, len(again.Body))
	}
	if head := a.Do(sent("HEAD", "/schema.graphql", ""), apitest.Member); head.Status != http.StatusOK {
		t.Errorf("HEAD: %d", head.Status)
	}
}

// TestPageSizesAreDescribed: the descriptions of arguments give the page sizes of @page.
func TestPageSizesAreDescribed(t *testing.T) {
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	lists := 0
	for _, typ := range schema.Types {
		for _, field := range typ.Fields {
			page := field.Directives.ForName("page")
			if page == nil {
				continue
			}
			lists++
			sizes := page.ArgumentMap(nil)
			want := fmt.Sprintf("1 to %d; %d if", sizes["max"], sizes["default"])
			if got := field.Arguments.ForName("first").Description; !strings.Contains(got, want) {
				t.Errorf("%s.%s(first): %q does not say %q", typ.Name, field.Name, got, want)
			}
			want = fmt.Sprintf("1 to %d.", sizes["max"])
			if last := field.Arguments.ForName("last"); last != nil && !strings.Contains(last.Description, want) {
				t.Errorf("%s.%s(last): %q does not say %q", typ.Name, field.Name, last.Description, want)
			}
		}
	}
	if lists < 15 {
		t.Errorf("only %d lists were found", lists)
	}
}

// TestSchemaIsRefused: to viewers who may not introspect.
func TestSchemaIsRefused(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) {
		o.Introspect = func(v *viewer.Viewer) bool { return v != nil && v.Login == apitest.Administrator }
	})
	for _, c := range []struct {
		login  string
		bearer string
		want   int
	}{
		{"", "", http.StatusUnauthorized}, {"", "expired", http.StatusUnauthorized},
		{apitest.Operator, "", http.StatusForbidden}, {apitest.Administrator, "", http.StatusOK},
	} {
		r := sent("GET", "/schema.graphql", "")
		if c.bearer != "" {
			r.Header.Set("Authorization", "Bearer "+c.bearer)
		}
		answer := a.Do(r, c.login)
		if answer.Status != c.want || (c.want != http.StatusOK) != strings.HasPrefix(answer.Body, `{"errors"`) {
			t.Errorf("%q: %d, want %d: %.100s", c.login, answer.Status, c.want, answer.Body)
		}
		if challenged := answer.Header.Get("WWW-Authenticate") != ""; challenged != (c.want == http.StatusUnauthorized) {
			t.Errorf("%q: WWW-Authenticate is %q", c.login, answer.Header.Get("WWW-Authenticate"))
		}
	}
}
