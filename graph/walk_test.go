package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	schema "github.com/vektah/gqlparser/v2/ast"
)

func load(t *testing.T) *schema.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	s, gqlErr := gqlparser.LoadSchema(&schema.Source{Name: "schema.graphqls", Input: string(text)})
	if gqlErr != nil {
		t.Fatal(gqlErr)
	}
	return s
}

// TestEveryElementIsDescribed checks the whole schema.
func TestEveryElementIsDescribed(t *testing.T) {
	walked := 0
	described := func(name, description string) {
		walked++
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", name)
		}
	}
	for _, def := range load(t).Types {
		if def.BuiltIn {
			continue
		}
		described(def.Name, def.Description)
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			described(def.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				described(def.Name+"."+f.Name+"("+a.Name+")", a.Description)
			}
		}
		for _, v := range def.EnumValues {
			described(def.Name+"."+v.Name, v.Description)
		}
	}
	if walked < 400 {
		t.Errorf("only %d elements were walked", walked)
	}
}

// TestMutationsHaveOneShape: one input, one payload, a job.
func TestMutationsHaveOneShape(t *testing.T) {
	s := load(t)
	for _, m := range s.Mutation.Fields {
		title := strings.ToUpper(m.Name[:1]) + m.Name[1:]
		if len(m.Arguments) != 1 || m.Arguments[0].Type.String() != title+"Input!" || m.Type.String() != title+"Payload" {
			t.Errorf("%s is not %s(input: %sInput!): %sPayload", m.Name, m.Name, title, title)
		}
		payload := s.Types[title+"Payload"]
		if m.Name != "signIn" && m.Name != "signOut" && payload.Fields.ForName("job") == nil {
			t.Errorf("%s gives no job", m.Name)
		}
	}
}

// TestFailuresStayTheirOwn: a root field that fails is null, and so is an object in a payload, so that an error affects no
// other field. The job shows what was committed.
func TestFailuresStayTheirOwn(t *testing.T) {
	s := load(t)
	for _, root := range []*schema.Definition{s.Query, s.Mutation} {
		for _, f := range root.Fields {
			if f.Type.NonNull && !strings.HasPrefix(f.Name, "__") {
				t.Errorf("%s.%s must not be %s", root.Name, f.Name, f.Type)
			}
		}
	}
	for _, m := range s.Mutation.Fields {
		for _, f := range s.Types[m.Type.Name()].Fields {
			object := s.Types[f.Type.Name()].IsCompositeType()
			if job := f.Name == "job"; object && f.Type.NonNull != job {
				t.Errorf("%s.%s must not be %s", m.Type.Name(), f.Name, f.Type)
			}
		}
	}
}

// TestResolversAreOneCall: median 1 statement, none above 5.
func TestResolversAreOneCall(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "schema.resolvers.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv == nil {
			continue
		}
		counts = append(counts, len(fn.Body.List))
		if n := len(fn.Body.List); n > 5 {
			t.Errorf("%s has %d statements", fn.Name.Name, n)
		}
	}
	slices.Sort(counts)
	if len(counts) == 0 || counts[len(counts)/2] != 1 {
		t.Errorf("the median of %d resolvers is not 1 statement", len(counts))
	}
}
