package conformance_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// drawer generates requests for lists, and records what it has generated.
type drawer struct {
	w    *world
	m    *model
	rnd  *rand.Rand
	seen map[string]bool
}

func (d *drawer) one(in int) bool { return d.rnd.IntN(in) == 0 }

// request generates a request for a list, and returns the rows of its cursors.
func (d *drawer) request(l list) (request, map[string]string) {
	r := request{list: l, args: map[string]any{}, variables: map[string]bool{}}
	if l.parent != "Query" {
		r.parent = pick(d.rnd, d.w.rows[tableOf[l.parent]])
	}
	d.seen[l.String()] = true
	args := d.w.schema.Types[l.parent].Fields.ForName(l.field).Arguments
	if order := args.ForName("orderBy").Type.Name(); !d.one(4) {
		r.args["orderBy"] = d.order(order)
	}
	places := map[string]string{}
	whole := d.w.paths[0].ask(d.w, request{list: l, parent: r.parent, args: with(r.args, "first", 500)})
	for i, c := range whole.cursors {
		places[c] = whole.page.IDs[i]
	}
	for _, name := range []string{"after", "before"} {
		switch {
		case d.one(10):
			r.args[name] = nil
		case len(whole.cursors) > 0 && d.one(3):
			r.args[name] = pick(d.rnd, whole.cursors)
		}
	}
	for _, name := range []string{"first", "last"} {
		switch {
		case d.one(10):
			r.args[name] = nil
		case d.one(2):
			r.args[name] = 1 + d.rnd.IntN(6)
		}
	}
	if !d.one(3) {
		r.args["where"] = d.filter(args.ForName("where").Type.Name(), l.of, 3)
	}
	for name := range r.args {
		r.variables[name] = d.one(2)
	}
	return r, places
}

func with(args map[string]any, name string, value any) map[string]any {
	all := map[string]any{name: value}
	for n, v := range args {
		all[n] = v
	}
	return all
}

// order generates an order, or null.
func (d *drawer) order(typ string) any {
	if d.one(8) {
		return nil
	}
	field := pick(d.rnd, d.w.schema.Types[d.w.schema.Types[typ].Fields.ForName("field").Type.Name()].EnumValues).Name
	direction := pick(d.rnd, []string{"ASC", "DESC"})
	d.seen[typ+"."+field+" "+direction] = true
	return map[string]any{"field": field, "direction": direction}
}

// filter generates a filter of a type, including empty ones and nulls.
func (d *drawer) filter(input, typ string, depth int) map[string]any {
	where := map[string]any{}
	for range d.rnd.IntN(3) {
		f := pick(d.rnd, d.w.schema.Types[input].Fields)
		inner := d.w.schema.Types[f.Type.Name()]
		if inner.Kind == ast.InputObject && depth == 0 {
			continue
		}
		d.seen[input+"."+f.Name] = true
		if d.one(12) && !f.Type.NonNull {
			where[f.Name] = nil
			continue
		}
		value := func() any { return d.value(typ, f.Name, inner) }
		if inner.Kind == ast.InputObject {
			value = func() any { return d.filter(inner.Name, strings.TrimSuffix(inner.Name, "WhereInput"), depth-1) }
		}
		if f.Type.Elem == nil {
			where[f.Name] = value()
			continue
		}
		list := []any{}
		for range d.rnd.IntN(4) {
			list = append(list, value())
		}
		where[f.Name] = list
	}
	return where
}

// value generates a value for a filter: mostly the value of a row, or a part of it.
func (d *drawer) value(typ, filter string, of *ast.Definition) any {
	if of.Kind == ast.Enum {
		return pick(d.rnd, of.EnumValues).Name
	}
	if of.Name == "Boolean" {
		return d.one(2)
	}
	field := filter
	for _, suffix := range []string{"In", "ContainsFold", "StartsWithFold", "Contains", "GTE", "LT"} {
		field = strings.TrimSuffix(field, suffix)
	}
	switch has := pick(d.rnd, d.w.rows[tableOf[typ]])[snake(field)].(type) {
	case time.Time:
		return has.Add(time.Duration(d.rnd.IntN(3)-1) * time.Microsecond).UTC().Format(time.RFC3339Nano)
	case string:
		if of.Name == "ID" {
			return pick(d.rnd, []string{has, has, strings.ToUpper(has), guid(d.rnd.IntN(5))})
		}
		if strings.Contains(filter, "Contains") {
			runes := []rune(has)
			from := d.rnd.IntN(len(runes) + 1)
			has = string(runes[from : from+d.rnd.IntN(len(runes)-from+1)])
		}
		if strings.Contains(filter, "StartsWith") {
			runes := []rune(has)
			has = string(runes[:d.rnd.IntN(len(runes)+1)])
		}
		return pick(d.rnd, []string{has, has, strings.ToUpper(has), strings.ToLower(has), "%"})
	}
	if of.Name == "Time" {
		return time.Now().UTC().Format(time.RFC3339Nano)
	}
	return guid(d.rnd.IntN(3))
}

// complete generates what chance has omitted, one by one, so that every list, order and filter of the schema occurs in each
// run.
func (d *drawer) complete(t *testing.T) {
	t.Helper()
	for _, l := range d.m.lists() {
		args := d.w.schema.Types[l.parent].Fields.ForName(l.field).Arguments
		order, where := args.ForName("orderBy").Type.Name(), args.ForName("where").Type.Name()
		var asked []map[string]any
		for _, v := range d.w.schema.Types[d.w.schema.Types[order].Fields.ForName("field").Type.Name()].EnumValues {
			for _, direction := range []string{"ASC", "DESC"} {
				if name := order + "." + v.Name + " " + direction; !d.seen[name] {
					d.seen[name] = true
					asked = append(asked, map[string]any{"orderBy": map[string]any{"field": v.Name, "direction": direction}})
				}
			}
		}
		for _, f := range d.w.schema.Types[where].Fields {
			if name := where + "." + f.Name; !d.seen[name] {
				d.seen[name] = true
				inner, value := d.w.schema.Types[f.Type.Name()], any(map[string]any{})
				if inner.Kind != ast.InputObject {
					value = d.value(l.of, f.Name, inner)
				}
				if f.Type.Elem != nil {
					value = []any{value}
				}
				asked = append(asked, map[string]any{"where": map[string]any{f.Name: value}})
			}
		}
		for _, args := range asked {
			r := request{list: l, args: args}
			if l.parent != "Query" {
				r.parent = pick(d.rnd, d.w.rows[tableOf[l.parent]])
			}
			if told := d.m.differs(r, nil); told != "" {
				t.Error(told)
			}
		}
	}
}

// pagesAreWalked reads lists page by page, in both directions, while rows are deleted between the pages, including rows that
// cursors refer to.
func pagesAreWalked(t *testing.T, w *world) {
	rnd := random(t)
	m := &model{t, w}
	d := &drawer{w: w, m: m, rnd: rnd, seen: map[string]bool{}}
	deletable := map[string]string{"jobs": "Query.jobs", "domains": "Customer.domains", "portal_accounts": "Query.portalAccounts", "access_tokens": "CloudUser.accessTokens"}
	for end := time.Now().Add(*duration); time.Now().Before(end); {
		for table, field := range deletable {
			var l list
			for _, one := range m.lists() {
				if one.String() == field {
					l = one
				}
			}
			if len(w.rows[table]) > 0 && !d.walk(t, l, table) {
				return
			}
		}
	}
}

// walk reads one list, and reports whether all pages were right.
func (d *drawer) walk(t *testing.T, l list, table string) bool {
	t.Helper()
	args := d.w.schema.Types[l.parent].Fields.ForName(l.field).Arguments
	r := request{list: l, args: map[string]any{"orderBy": d.order(args.ForName("orderBy").Type.Name())}, variables: map[string]bool{"after": true, "before": true}}
	if l.parent != "Query" {
		r.parent = pick(d.rnd, d.w.rows[tableOf[l.parent]])
	}
	size, cursor := "first", "after"
	if d.one(2) {
		size, cursor = "last", "before"
	}
	r.args[size] = 1 + d.rnd.IntN(4)
	// All rows that existed at the beginning: cursors outlive their rows.
	order := d.m.sorted(l.of, d.m.of(l, r.parent), d.m.orderOf(r))
	at := ""
	for range 100 {
		rows := d.m.sorted(l.of, d.m.of(l, r.parent), d.m.orderOf(r))
		n, ends := r.args[size].(int), map[string]string{cursor: at}
		first, last := &n, (*int)(nil)
		if size == "last" {
			first, last = nil, &n
		}
		want := cut(rows, order, ends["after"], ends["before"], first, last)
		var next answer
		for _, p := range d.w.paths {
			next = p.ask(d.w, r)
			if next.err != "" || next.page.String() != want.String() {
				query, variables := r.query(d.w.schema, shown)
				t.Errorf("%s: %s %v after deletions\nmodel: %v\ngot:   %v %s", p.name, query, variables, want, next.page, next.err)
				return false
			}
		}
		if len(next.cursors) == 0 {
			return true
		}
		end := len(next.cursors) - 1
		if size == "last" {
			end = 0
		}
		at, r.args[cursor] = next.page.IDs[end], next.cursors[end]
		if d.one(3) {
			d.delete(t, table, pick(d.rnd, next.page.IDs))
		}
	}
	return true
}

// delete deletes a row from both databases and from the model.
func (d *drawer) delete(t *testing.T, table, id string) {
	t.Helper()
	for _, p := range []path{d.w.paths[0], d.w.paths[2]} {
		if _, err := p.api.Client.ExecContext(t.Context(), fmt.Sprintf("DELETE FROM %s WHERE id = '%s'", table, id)); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range d.w.rows[table] {
		if r.id() == id {
			d.w.rows[table] = append(d.w.rows[table][:i:i], d.w.rows[table][i+1:]...)
			break
		}
	}
}
