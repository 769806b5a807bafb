package limit_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"cloudapi/internal/fault"
	"cloudapi/server/limit"
)

// refusal returns what an error says of a limit: its name, its value and the requested amount; "" for none.
func refusal(err error) string {
	if err == nil {
		return ""
	}
	f := fault.As(err)
	if f.Code != fault.TooLarge {
		return string(f.Code)
	}
	return fmt.Sprintf("%v %v %v", f.Details["limit"], f.Details["max"], f.Details["asked"])
}

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestSource(t *testing.T) {
	limits := limit.Limits{Tokens: 20, Name: 10}.OrDefault()
	for name, c := range map[string]struct{ query, want string }{
		"few tokens":                  {"{ a b c }", ""},
		"just enough tokens":          {"{" + strings.Repeat(" a", 18) + "}", ""},
		"a token too many":            {"{" + strings.Repeat(" a", 19) + "}", "tokens 20 21"},
		"comments are tokens":         {"{a}" + repeat(18, "#%d\n"), "tokens 20 21"},
		"all tokens are counted":      {"{" + repeat(5000, "a%d ") + "}", "tokens 20 5002"},
		"no GraphQL is the parser's":  {"{ a ? }", ""},
		"a long name":                 {"{ abcdefghij }", ""},
		"a name too long":             {"{ abcdefghijk }", "name 10 11"},
		"a variable too long":         {"query($abcdefghijk: Int) { a }", "name 10 11"},
		"the largest number":          {"{ a(b: 9223372036854775807) }", ""},
		"a number too large":          {"{ a(b: 9223372036854775808) }", "BAD_USER_INPUT"},
		"thirty digits in a default":  {"query($a: Int = 123456789012345678901234567890) { a }", "BAD_USER_INPUT"},
		"thirty digits in directives": {"{ a @b(c: [{d: -123456789012345678901234567890}]) }", "BAD_USER_INPUT"},
		"a float too large":           {"{ a(b: 1e400) }", "BAD_USER_INPUT"},
		"a pair of surrogates":        {`{ a(b: "\ud83d\ude00") }`, ""},
		"the replacement character":   {`{ a(b: "\ufffd é") }`, ""},
		"half a pair":                 {`{ a(b: "é\ud83d") }`, "BAD_USER_INPUT"},
		"the other half":              {`{ a(b: "\ude00") }`, "BAD_USER_INPUT"},
		"no escape":                   {`{ a(b: "\\ud83d") }`, ""},
		"no escape in a block":        {`{ a(b: """\ud83d""") }`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := limits.Source(c.query)
			if got := refusal(err); got != c.want {
				t.Errorf("%q, want %q (%v)", got, c.want, err)
			}
		})
	}
}

func TestDocument(t *testing.T) {
	limits := limit.Limits{Depth: 3, Aliases: 4, Directives: 4, Operations: 2, Variables: 2}.OrDefault()
	explosion := "{ ...f0 } " + repeat(60, "fragment f%[1]d on Q { ...g%[1]d ...g%[1]d } ")
	for i := range 60 {
		explosion += fmt.Sprintf("fragment g%d on Q { ...f%d x: a } ", i, i+1)
	}
	for name, c := range map[string]struct{ query, want string }{
		"deep enough":                   {"{ a { b { c } } }", ""},
		"too deep":                      {"{ a { b { c { d } } } }", "depth 3 4"},
		"too deep in a fragment":        {"{ a { b { ...f } } } fragment f on Q { c { d } }", "depth 3 4"},
		"introspection has its own":     {"{ __schema { types { fields { name type { ofType { name } } } } } }", ""},
		"aliases":                       {"{ " + repeat(4, "a%d: a ") + "}", ""},
		"too many aliases":              {"{ " + repeat(5, "a%d: a ") + "}", "aliases 4 5"},
		"aliases wherever spread":       {"{ a { ...f } b { ...f } c { ...f } } fragment f on Q { x: a y: a }", "aliases 4 6"},
		"aliases in unused fragments":   {"{ a } fragment f on Q { " + repeat(5, "a%d: a ") + "}", "aliases 4 5"},
		"an explosion":                  {explosion, "aliases 4 1048576"},
		"a cycle ends":                  {"{ ...f } fragment f on Q { ...g } fragment g on Q { ...f a }", ""},
		"too many directives":           {"{ a " + strings.Repeat("@b ", 5) + "}", "directives 4 5"},
		"directives of everything":      {"query($v: I @b) @b { a @b ... @b { ...f @b } } fragment f on Q { a }", "directives 4 5"},
		"too many operations":           {repeat(3, "query q%d { a } "), "operations 2 3"},
		"too many variables":            {"query(" + repeat(3, "$v%d: Int ") + ") { a }", "variables 2 3"},
		"as many of all as are allowed": {repeat(2, "query q%d($a: I, $b: I) { a1: a { b { a2: c @x @y @z @w } } } "), ""},
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := parser.ParseQuery(&ast.Source{Input: c.query})
			if err != nil {
				t.Fatal(err)
			}
			err = limits.Document(doc)
			if got := refusal(err); got != c.want {
				t.Errorf("%q, want %q (%v)", got, c.want, err)
			}
		})
	}
}

func schema(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return gqlparser.MustLoadSchema(&ast.Source{Input: string(text)})
}

func TestPrice(t *testing.T) {
	s := schema(t)
	prices := limit.NewCostModel(s)
	limits := limit.Limits{Values: 100, InputDepth: 6}.OrDefault()
	guids := make([]any, 101)
	for i := range guids {
		guids[i] = "00000000-0000-4000-8000-000000000000"
	}
	for name, c := range map[string]struct {
		query     string
		variables map[string]any
		cost      int
		want      string
	}{
		"nothing":                              {"{ __typename }", nil, 1, ""},
		"an object":                            {`{ customer(id: "x") { id } }`, nil, 2, ""},
		"ten fields cost one":                  {`{ customer(id: "x") { ` + repeat(10, "a%d: name ") + `} }`, nil, 2, ""},
		"the usual page":                       {"{ customers { nodes { id } } }", nil, 56, ""},
		"nodes and edges":                      {"{ customers(first: 10) { nodes { id } edges { node { id } } } }", nil, 23, ""},
		"first":                                {"{ customers(first: 10) { nodes { id } } }", nil, 12, ""},
		"last":                                 {"{ customers(last: 10) { nodes { id } } }", nil, 12, ""},
		"no page is negative":                  {"{ customers(first: -9) { nodes { id } } }", nil, 3, ""},
		"no page is larger":                    {"{ customers(first: 2000000000) { nodes { id } } }", nil, 551, ""},
		"first by variable":                    {"query($n: Int) { customers(first: $n) { nodes { id } } }", map[string]any{"n": int64(10)}, 12, ""},
		"first by default":                     {"query($n: Int = 10) { customers(first: $n) { nodes { id } } }", nil, 12, ""},
		"null is not given":                    {"query($n: Int = 10) { customers(first: $n) { nodes { id } } }", map[string]any{"n": nil}, 56, ""},
		"a page in each":                       {"{ customers(first: 10) { nodes { domains(first: 10) { nodes { id } } } } }", nil, 131, ""},
		"a count":                              {"{ customers { totalCount } }", nil, 11, ""},
		"a count in each":                      {"{ customers(first: 10) { nodes { domains { totalCount } } } }", nil, 121, ""},
		"a filter":                             {`{ customers(where: {or: [{name: "a"}, {city: "b"}]}) { totalCount } }`, nil, 14, ""},
		"a filter of many":                     {"query($w: [CustomerWhereInput!]) { customers(where: {or: $w}) { totalCount } }", map[string]any{"w": conditions(40, "city")}, 60, ""},
		"a filter of columns without an index": {"{ jobs(where: {resultIsNull: true}) { totalCount } }", nil, 1012, ""},
		"a filter of scans":                    {"query($w: [CustomerWhereInput!]) { customers(where: {or: $w}) { totalCount } }", map[string]any{"w": conditions(40, "nameContainsFold")}, 40020, ""},
		"a scan of a few":                      {`{ cloudUserGroup(id: "x") { customers(where: {nameContains: "a"}) { totalCount } } }`, nil, 23, ""},
		"a filter elsewhere":                   {`{ customers(where: {hasDomainsWith: [{nameIn: ["a"]}]}) { totalCount } }`, nil, 23, ""},
		"guids":                                {"query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": guids[:50]}, 61, ""},
		"a change":                             {`mutation { deleteCustomer(input: {customerId: "x"}) { __typename } }`, nil, 12, ""},
		"what is skipped":                      {"query($no: Boolean = false) { customers @include(if: $no) { nodes { id } } __typename }", nil, 1, ""},
		"what is not skipped":                  {"query($no: Boolean = false) { customers @skip(if: $no) { nodes { id } } }", nil, 56, ""},
		"a fragment":                           {"{ customers(first: 10) { ...f } } fragment f on CustomerConnection { nodes { id } }", nil, 12, ""},
		"too many values":                      {"query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": guids}, 0, "values 100 102"},
		"too many times":                       {"query($ids: [ID!]) { customers(where: {or: [{idIn: $ids}, {idIn: $ids}, {idIn: $ids}]}) { totalCount } }", map[string]any{"ids": guids[:50]}, 0, "values 100 158"},
		"too deep a filter":                    {`{ customers(where: {not: {not: {not: {not: {not: {not: {name: "a"}}}}}}}) { totalCount } }`, nil, 0, "inputDepth 6 7"},
		"too deep a variable":                  {"query($w: CustomerWhereInput) { customers(where: $w) { totalCount } }", map[string]any{"w": nested(7)}, 0, "inputDepth 6 8"},
		"a scalar's own":                       {"mutation($in: DeleteCustomerInput!) { deleteCustomer(input: $in) { __typename } }", map[string]any{"in": map[string]any{"customerId": "x", "execution": map[string]any{"params": map[string]any{"other": nested(9)}}}}, 12, ""},
		"pages of pages":                       {"{ customers(first: 500) { nodes { cloudUserGroups(first: 500) { nodes { customers(first: 500) { nodes { id } } } } } } }", nil, 0, "cost 1000000 138001001"},
		"beyond any number":                    {"{ customers { nodes { ...f0 } } }" + spreading(14), nil, 0, "cost 1000000 109951162778"},
		"the schema":                           {"{ __schema { types { name } } }", nil, 5000, ""},
		"an explosion of none":                 {"{ ...e0 } " + doubling(150), nil, 109951162778, "cost 1000000 109951162778"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := read(t, s, c.query)
			cost, err := limits.Price(prices, doc.Operations[0], c.variables)
			if got := refusal(err); got != c.want {
				t.Errorf("refused for %q, want %q", got, c.want)
			}
			if c.cost != 0 && cost.Requested != c.cost {
				t.Errorf("costs %d, want %d", cost.Requested, c.cost)
			}
		})
	}
}

// spreading returns a chain of fragments with a page of customers in each.
func spreading(n int) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf(" fragment f%d on Customer { cloudUserGroups { nodes { customers { nodes { ...f%d } } } } }", i, i+1)
	}
	return text + fmt.Sprintf(" fragment f%d on Customer { id }", n)
}

// nested returns a filter with n levels of negation.
func nested(n int) any {
	var filter any = map[string]any{"name": "a"}
	for range n {
		filter = map[string]any{"not": filter}
	}
	return filter
}

// doubling returns a chain of fragments, each of which spreads the next twice.
func doubling(n int) string {
	text := ""
	for i := range n {
		text += fmt.Sprintf(" fragment e%d on Query { ...e%d ...e%d }", i, i+1, i+1)
	}
	return text + fmt.Sprintf(" fragment e%d on Query { __typename }", n)
}

func read(t *testing.T, s *ast.Schema, query string) *ast.QueryDocument {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil {
		t.Fatal(err)
	}
	if errs := validator.ValidateWithRules(s, doc, rules.NewDefaultRules()); len(errs) > 0 {
		t.Fatal(errs)
	}
	return doc
}

// conditions returns n conditions on a field.
func conditions(n int, field string) []any {
	all := make([]any, n)
	for i := range all {
		all[i] = map[string]any{field: "a"}
	}
	return all
}

func TestActual(t *testing.T) {
	s := schema(t)
	doc := read(t, s, "{ customers { totalCount nodes { id } } }")
	cost, err := limit.Limits{}.OrDefault().Price(limit.NewCostModel(s), doc.Operations[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := cost.Actual([]byte(`{"customers":{"totalCount":1,"nodes":[{"id":"x"}]}}`), 1, 60); got != 13 {
		t.Errorf("a page of one has cost %d, not the count and three objects", got)
	}
	if got := cost.Actual(nil, 1000, 60); got != 1010 {
		t.Errorf("1000 objects that were counted have cost %d", got)
	}
	if got := cost.Actual(nil, 1, 1<<20); got != 1034 {
		t.Errorf("a MiB has cost %d", got)
	}
}

func TestTrim(t *testing.T) {
	long := strings.Repeat("é", 40_000)
	var errs gqlerror.List
	for range 30 {
		errs = append(errs, &gqlerror.Error{
			Message: long, Path: ast.Path{ast.PathName(long), ast.PathIndex(1)}, Extensions: map[string]any{"field": long, "max": 1},
		})
	}
	got := limit.Limits{}.OrDefault().TruncateErrors(errs)
	if len(got) != 20 {
		t.Errorf("%d errors, want 20", len(got))
	}
	for _, err := range got {
		if n := len(err.Error()); n > 2000 {
			t.Errorf("an error of %d bytes", n)
		}
		if text := err.Extensions["field"].(string); len(text) > 1010 || !strings.HasSuffix(text, "é…") {
			t.Errorf("an extension of %d bytes, ending in %q", len(text), text[len(text)-8:])
		}
	}
	if !errors.Is(got, got[0]) {
		t.Error("the errors are others")
	}
}
