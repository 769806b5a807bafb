package conformance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/server/api/apitest"
)

// operations generates operations from the schema.
type operations struct {
	*drawer
	t       *testing.T
	aliases int
	cursors map[string][]string // cursors from earlier answers, by their lists
}

// draw generates an operation with a field of Query.
func (d *operations) draw(root *ast.FieldDefinition) operation {
	o := operation{d.w.schema, pick(d.rnd, []string{apitest.Administrator, apitest.Administrator, apitest.Operator, apitest.Member}), &selection{}}
	o.root.below = append(o.root.below, d.field("Query", root, 3))
	if d.one(4) {
		o.root.below = append(o.root.below, d.field("Query", pick(d.rnd, d.roots()), 2))
	}
	return o
}

// roots returns the fields of Query.
func (d *operations) roots() []*ast.FieldDefinition {
	return slices.DeleteFunc(slices.Clone(d.w.schema.Query.Fields), func(f *ast.FieldDefinition) bool { return strings.HasPrefix(f.Name, "__") })
}

// of generates the selections of an object of a type.
func (d *operations) of(name string, depth int) []*selection {
	typ := d.w.schema.Types[name]
	all := []*selection{}
	for range 1 + d.rnd.IntN(4) {
		f := pick(d.rnd, typ.Fields)
		if d.w.schema.Types[f.Type.Name()].IsCompositeType() && depth <= 0 {
			continue
		}
		one := d.field(name, f, depth)
		all = append(all, one)
		if len(one.below) > 0 && d.one(6) {
			// The same field again with the same arguments: selections are merged.
			for name, a := range one.args {
				a.variable = false
				one.args[name] = a
			}
			again := one.clone()
			again.below = d.of(f.Type.Name(), depth-1)
			all = append(all, again)
		}
	}
	if strings.HasSuffix(name, "Connection") || strings.HasSuffix(name, "Edge") {
		for _, f := range typ.Fields {
			if f.Name == "edges" || f.Name == "cursor" {
				all = append(all, d.field(name, f, max(depth, 1)))
			}
		}
	}
	if len(all) == 0 || d.one(6) {
		all = append(all, &selection{name: "__typename"})
	}
	switch {
	case typ.Kind == ast.Interface:
		for range 3 {
			on := pick(d.rnd, d.w.schema.GetPossibleTypes(typ)).Name
			all = append(all, d.maybe(&selection{on: on, fragment: d.one(2), below: d.of(on, depth-1)}))
		}
	case d.one(5):
		on := name
		below := []*selection{{name: "id"}}
		if slices.Contains(typ.Interfaces, "Node") && d.one(2) {
			on = "Node"
		} else {
			below = d.of(on, depth-1)
		}
		all = append(all, d.maybe(&selection{on: on, fragment: d.one(2), below: below}))
	}
	return all
}

// maybe adds a directive to some selections.
func (d *operations) maybe(s *selection) *selection {
	if d.one(5) {
		s.directive = pick(d.rnd, []string{"skip", "include"})
		s.condition = argument{ast.NonNullNamedType("Boolean", nil), d.one(2), d.one(2)}
	}
	return s
}

// field generates a selection of a field. One with arguments has an alias.
func (d *operations) field(parent string, f *ast.FieldDefinition, depth int) *selection {
	s := &selection{name: f.Name, args: map[string]argument{}}
	d.seen[parent+"."+f.Name] = true
	if of, ok := strings.CutSuffix(f.Type.Name(), "Connection"); ok {
		d.connection(s, list{parent, f.Name, of}, f)
	} else {
		for _, a := range f.Arguments {
			s.args[a.Name] = argument{a.Type, d.argument(f, a), d.one(2)}
		}
	}
	if len(s.args) > 0 || parent == "Query" || strings.HasSuffix(f.Type.Name(), "Connection") {
		d.aliases++
		s.alias = fmt.Sprintf("a%d", d.aliases)
	}
	if d.w.schema.Types[f.Type.Name()].IsCompositeType() {
		next := depth - 1
		if n := f.Type.Name(); strings.HasSuffix(n, "Connection") || strings.HasSuffix(n, "Edge") || n == "PageInfo" {
			next = depth
		}
		s.below = d.of(f.Type.Name(), next)
	}
	return d.maybe(s)
}

// connection generates the arguments of a list.
func (d *operations) connection(s *selection, l list, f *ast.FieldDefinition) {
	give := func(name string, value any) {
		s.args[name] = argument{f.Arguments.ForName(name).Type, value, d.one(2)}
	}
	r := request{list: l, args: map[string]any{}}
	if d.one(2) {
		r.args["orderBy"] = d.order(f.Arguments.ForName("orderBy").Type.Name())
		give("orderBy", r.args["orderBy"])
	}
	s.list = fmt.Sprint(l, d.m.orderOf(r))
	for _, name := range []string{"first", "last"} {
		if d.one(3) {
			give(name, 1+d.rnd.IntN(4))
		}
	}
	for _, name := range []string{"after", "before"} {
		if known := d.cursors[s.list]; len(known) > 0 && d.one(4) {
			give(name, pick(d.rnd, known))
		}
	}
	if d.one(3) {
		give("where", d.filter(f.Arguments.ForName("where").Type.Name(), l.of, 2))
	}
}

// argument generates an argument of a field that is not a list.
func (d *operations) argument(f *ast.FieldDefinition, a *ast.ArgumentDefinition) any {
	typ := d.w.schema.Types[a.Type.Name()]
	guidOf := func() any {
		table := tableOf[f.Type.Name()]
		if table == "" {
			table = pick(d.rnd, []string{"customers", "cloud_users", "cloud_user_groups", "domains", "cloud_spaces", "jobs", "capacity_units"})
		}
		if d.one(8) {
			return guid(0)
		}
		return pick(d.rnd, d.w.rows[table]).id()
	}
	switch {
	case typ.Kind == ast.Enum:
		return pick(d.rnd, typ.EnumValues).Name
	case typ.Name == "ID" && a.Type.Elem != nil:
		return []any{guidOf(), guidOf(), guidOf()}
	case typ.Name == "ID":
		return guidOf()
	case f.Name == "search" && a.Name == "text":
		name := pick(d.rnd, d.w.rows[pick(d.rnd, []string{"customers", "domains", "cloud_users"})])
		text := []rune(fmt.Sprint(name["name"], name["login"], "x"))
		return string(text[:1+d.rnd.IntN(min(len(text), 8))])
	case a.Type.Name() == "Int":
		return 1 + d.rnd.IntN(5)
	case f.Name == "domain" && a.Name == "name":
		return pick(d.rnd, d.w.rows["domains"])["name"]
	}
	d.t.Fatalf("the test does not know what to give as the argument %s of %s", a.Name, f.Name)
	return nil
}

// run executes an operation on a path. Errors of sibling fields have no defined order and number, but their codes and fields
// are compared.
func (o operation) run(p path) (map[string]any, []string) {
	query, variables := o.text()
	body := p.api.Query(o.login, query, variables).Body
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var answer struct {
		Data   map[string]any
		Errors []struct{ Extensions map[string]any }
	}
	if err := decoder.Decode(&answer); err != nil {
		return nil, []string{err.Error() + " in " + body}
	}
	var errs []string
	for _, e := range answer.Errors {
		errs = append(errs, fmt.Sprint(e.Extensions["code"], " ", e.Extensions["field"]))
	}
	slices.Sort(errs)
	return answer.Data, slices.Compact(errs)
}

// differs returns how the paths' answers differ, "" if they do not.
func (o operation) differs(w *world) string {
	data, errs := o.run(w.paths[0])
	for _, p := range w.paths[1:] {
		other, otherErrs := o.run(p)
		if diff := cmp.Diff([]any{other, otherErrs}, []any{data, errs}); diff != "" {
			query, variables := o.text()
			given, _ := json.Marshal(variables)
			return fmt.Sprintf("%s\nvariables %s as %s\n%s (-), %s (+):\n%s", query, given, o.login, p.name, w.paths[0].name, diff)
		}
	}
	return ""
}

// remember stores the cursors of an answer.
func (d *operations) remember(s *selection, data any, of string) {
	switch v := data.(type) {
	case []any:
		for _, e := range v {
			d.remember(s, e, of)
		}
	case map[string]any:
		for _, b := range s.below {
			switch name := b.alias + b.name; {
			case b.on != "":
				d.remember(b, v, of)
			case b.name == "cursor":
				if text, ok := v["cursor"].(string); ok && of != "" && len(d.cursors[of]) < 100 {
					d.cursors[of] = append(d.cursors[of], text)
				}
			case b.alias != "":
				d.remember(b, v[b.alias], b.list)
			default:
				d.remember(b, v[name], of)
			}
		}
	}
}

// pathsAgree generates operations from the whole schema, for users of each role. The fast path may decline an operation, but
// must not fail.
func pathsAgree(t *testing.T, w *world) {
	rnd, codes := random(t), map[string]int{}
	d := &operations{&drawer{w: w, m: &model{t, w}, rnd: rnd, seen: map[string]bool{}}, t, 0, map[string][]string{}}
	n, wrong := 0, 0
	for end := time.Now().Add(2 * *duration); time.Now().Before(end) || n < 2*len(d.roots()); n++ {
		o := d.draw(d.roots()[n%len(d.roots())])
		if o.differs(w) != "" {
			o = shrink(o, operation.smaller, func(o operation) bool { return o.differs(w) != "" })
			t.Fatalf("the smallest operation that differs:\n%s", o.differs(w))
		}
		data, errs := o.run(w.paths[0])
		d.remember(o.root, data, "")
		if len(errs) > 0 {
			wrong++
		}
		for _, code := range errs {
			codes[code]++
		}
	}
	for _, p := range w.paths {
		reader := p.api.Reader
		if reader == nil {
			continue
		}
		t.Logf("%d operations, %d with errors %v; the fast path of %s answered %d root fields, the ordinary one %d", n, wrong, codes, p.name, reader.Fast.Load(), reader.Ordinary.Load())
		if reader.Failed.Load() > 0 || reader.Fast.Load() == 0 || wrong > n*3/4 {
			t.Errorf("%d fast reads of %s failed: %s", reader.Failed.Load(), p.name, p.api.Log)
		}
	}
}
