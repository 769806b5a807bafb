package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/server/api/apitest"
)

// request is a request for one list.
type request struct {
	list   list
	parent row // nil for a field of Query
	args   map[string]any
	// variables are the arguments that are passed as variables.
	variables map[string]bool
}

// clone copies the arguments, but not their values.
func (r request) clone() request {
	r.args, r.variables = maps.Clone(r.args), maps.Clone(r.variables)
	return r
}

// query returns the text of a request with a selection, and its variables.
func (r request) query(s *ast.Schema, selection string) (string, map[string]any) {
	field := s.Types[r.list.parent].Fields.ForName(r.list.field)
	var args, declared []string
	variables := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(r.args)) {
		typ := field.Arguments.ForName(name).Type
		if r.variables[name] {
			declared, variables[name] = append(declared, "$"+name+": "+typ.String()), r.args[name]
			args = append(args, name+": $"+name)
		} else {
			args = append(args, name+": "+literal(s, typ, r.args[name]))
		}
	}
	text := "x: " + r.list.field
	if len(args) > 0 {
		text += "(" + strings.Join(args, ", ") + ")"
	}
	text += " { " + selection + " }"
	if r.parent != nil {
		text = rootOf(s, r.list.parent) + "(id: " + strconv.Quote(r.parent.id()) + ") { " + text + " }"
	}
	head := ""
	if len(declared) > 0 {
		head = "query(" + strings.Join(declared, ", ") + ") "
	}
	return head + "{ " + text + " }", variables
}

// rootOf returns the field of Query that finds an object of a type by its guid.
func rootOf(s *ast.Schema, typ string) string {
	for _, f := range s.Query.Fields {
		if f.Type.Name() == typ && len(f.Arguments) == 1 && f.Arguments[0].Name == "id" {
			return f.Name
		}
	}
	return "no field of Query finds a " + typ
}

// literal formats a value as GraphQL.
func literal(s *ast.Schema, typ *ast.Type, value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, literal(s, typ.Elem, e))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, name+": "+literal(s, s.Types[typ.Name()].Fields.ForName(name).Type, v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case string:
		if d := s.Types[typ.Name()]; d.Kind == ast.Enum {
			return v
		}
		text, _ := json.Marshal(v)
		return string(text)
	}
	return fmt.Sprint(value)
}

const shown = "nodes { id } edges { cursor node { id } } pageInfo { hasPreviousPage hasNextPage startCursor endCursor } totalCount"

// answer is a path's answer to a request.
type answer struct {
	page    page
	cursors []string
	err     string
}

// ask executes a request on a path. Nodes, edges and cursors must agree.
func (p path) ask(w *world, r request) answer {
	query, variables := r.query(w.schema, shown)
	got := p.api.Query(apitest.Administrator, query, variables)
	var body struct {
		Data   map[string]json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(got.Body), &body); err != nil || len(body.Errors) > 0 {
		return answer{err: got.Body}
	}
	raw := body.Data["x"]
	for _, object := range body.Data {
		if r.parent != nil {
			_ = json.Unmarshal(object, &body.Data)
			raw = body.Data["x"]
		}
	}
	type node struct{ ID string }
	var c struct {
		Nodes []node
		Edges []struct {
			Cursor string
			Node   node
		}
		PageInfo struct {
			HasPreviousPage, HasNextPage bool
			StartCursor, EndCursor       *string
		}
		TotalCount int
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return answer{err: got.Body}
	}
	a := answer{page: page{HasPreviousPage: c.PageInfo.HasPreviousPage, HasNextPage: c.PageInfo.HasNextPage, TotalCount: c.TotalCount}}
	for i, e := range c.Edges {
		a.page.IDs, a.cursors = append(a.page.IDs, e.Node.ID), append(a.cursors, e.Cursor)
		if len(c.Nodes) != len(c.Edges) || c.Nodes[i] != e.Node {
			return answer{err: "nodes and edges differ: " + got.Body}
		}
	}
	start, end := c.PageInfo.StartCursor, c.PageInfo.EndCursor
	if n := len(a.cursors); (n == 0) != (start == nil) || (n == 0) != (end == nil) || n > 0 && (*start != a.cursors[0] || *end != a.cursors[n-1]) {
		return answer{err: "startCursor and endCursor are not those of the edges: " + got.Body}
	}
	return a
}

// expect returns the model's answer.
func (m *model) expect(r request, places map[string]string) page {
	rows := m.sorted(r.list.of, m.of(r.list, r.parent), m.orderOf(r))
	where, _ := r.args["where"].(map[string]any)
	var matching []row
	for _, one := range rows {
		if m.holds(r.list.of, where, one) {
			matching = append(matching, one)
		}
	}
	size := func(name string) *int {
		if n, ok := r.args[name].(int); ok {
			return &n
		}
		return nil
	}
	first, last := size("first"), size("last")
	if first == nil && last == nil {
		n := 50
		first = &n
	}
	cursor := func(name string) string {
		c, _ := r.args[name].(string)
		return places[c]
	}
	return cut(matching, rows, cursor("after"), cursor("before"), first, last)
}

// orderOf returns the order of a request, or the schema's default.
func (m *model) orderOf(r request) map[string]any {
	if given, ok := r.args["orderBy"]; ok {
		order, _ := given.(map[string]any)
		return order
	}
	if d := m.w.schema.Types[r.list.parent].Fields.ForName(r.list.field).Arguments.ForName("orderBy").DefaultValue; d != nil {
		value, err := d.Value(nil)
		if err != nil {
			m.t.Fatal(err)
		}
		return value.(map[string]any)
	}
	return nil
}

// differs returns how the paths' answers to a request differ from the model's, "" if they do not.
func (m *model) differs(r request, places map[string]string) string {
	want := m.expect(r, places)
	var told strings.Builder
	for _, p := range m.w.paths {
		if got := p.ask(m.w, r); got.err != "" || got.page.String() != want.String() {
			fmt.Fprintf(&told, "\n%s: %v %s", p.name, got.page, got.err)
		}
	}
	if told.Len() == 0 {
		return ""
	}
	query, variables := r.query(m.w.schema, shown)
	given, _ := json.Marshal(variables)
	return fmt.Sprintf("%s\nvariables %s\nmodel: %v%s", query, given, want, &told)
}

// TestReads compares reads of the same rows; tests that change the rows come last.
func TestReads(t *testing.T) {
	w := newWorld(t)
	t.Run("lists follow the model", func(t *testing.T) { listsFollowTheModel(t, w) })
	t.Run("totals follow the model", func(t *testing.T) { totalsFollowTheModel(t, w) })
	t.Run("searches follow the model", func(t *testing.T) { searchesFollowTheModel(t, w) })
	t.Run("paths agree", func(t *testing.T) { pathsAgree(t, w) })
	t.Run("pages are walked", func(t *testing.T) { pagesAreWalked(t, w) })
}

// listsFollowTheModel generates requests for lists: every list, order, filter and combination of cursors and sizes.
func listsFollowTheModel(t *testing.T, w *world) {
	rnd := random(t)
	m := &model{t, w}
	d := &drawer{w: w, m: m, rnd: rnd, seen: map[string]bool{}}
	n := 0
	for end := time.Now().Add(*duration); time.Now().Before(end) || n < 2*len(m.lists()); n++ {
		l := m.lists()[n%len(m.lists())]
		r, places := d.request(l)
		if m.differs(r, places) == "" {
			continue
		}
		r = shrink(r, request.smaller, func(r request) bool { return m.differs(r, places) != "" })
		t.Fatalf("the smallest request that differs:\n%s", m.differs(r, places))
	}
	t.Logf("%d requests", n)
	d.complete(t)
}
