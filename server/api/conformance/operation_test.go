package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// selection is a field, or a fragment if on is set.
type selection struct {
	alias, name string
	on          string
	fragment    bool // a named one
	args        map[string]argument
	directive   string // skip or include
	condition   argument
	below       []*selection
	list        string // the list and the order of its cursors
}

type argument struct {
	typ      *ast.Type
	value    any
	variable bool
}

// operation is a generated query.
type operation struct {
	schema *ast.Schema
	login  string
	root   *selection
}

// text returns the text of an operation, and its variables.
func (o operation) text() (string, map[string]any) {
	p := &printer{schema: o.schema, b: &strings.Builder{}, variables: map[string]any{}}
	p.selections(o.root)
	head := ""
	if len(p.declared) > 0 {
		head = "query(" + strings.Join(p.declared, ", ") + ") "
	}
	return head + p.b.String() + strings.Join(p.fragments, ""), p.variables
}

type printer struct {
	schema              *ast.Schema
	b                   *strings.Builder
	declared, fragments []string
	variables           map[string]any
	named               int
}

func (p *printer) argument(a argument) string {
	if !a.variable {
		return literal(p.schema, a.typ, a.value)
	}
	name := fmt.Sprintf("v%d", len(p.declared))
	p.declared, p.variables[name] = append(p.declared, "$"+name+": "+a.typ.String()), a.value
	return "$" + name
}

func (p *printer) selections(of *selection) {
	p.b.WriteString(" {")
	for _, s := range of.below {
		p.b.WriteString(" ")
		directive := ""
		if s.directive != "" {
			directive = " @" + s.directive + "(if: " + p.argument(s.condition) + ")"
		}
		switch {
		case s.fragment:
			p.named++
			name := fmt.Sprintf("f%d", p.named)
			p.b.WriteString("..." + name + directive)
			outer := p.b
			p.b = &strings.Builder{}
			p.selections(s)
			p.fragments = append(p.fragments, " fragment "+name+" on "+s.on+p.b.String())
			p.b = outer
			continue
		case s.on != "":
			p.b.WriteString("... on " + s.on + directive)
		default:
			if s.alias != "" {
				p.b.WriteString(s.alias + ": ")
			}
			p.b.WriteString(s.name)
			var args []string
			for _, name := range slices.Sorted(maps.Keys(s.args)) {
				args = append(args, name+": "+p.argument(s.args[name]))
			}
			if len(args) > 0 {
				p.b.WriteString("(" + strings.Join(args, ", ") + ")")
			}
			p.b.WriteString(directive)
		}
		if len(s.below) > 0 {
			p.selections(s)
		}
	}
	p.b.WriteString(" }")
}

// clone copies a tree.
func (s *selection) clone() *selection {
	c := *s
	c.args, c.below = maps.Clone(s.args), nil
	for _, b := range s.below {
		c.below = append(c.below, b.clone())
	}
	return &c
}

// all returns the selections of a tree, in order.
func (s *selection) all() []*selection {
	found := []*selection{s}
	for _, b := range s.below {
		found = append(found, b.all()...)
	}
	return found
}

// smaller returns simpler variants of an operation.
func (o operation) smaller() []operation {
	var variants []operation
	vary := func(at int, change func(*selection)) {
		root := o.root.clone()
		change(root.all()[at])
		variants = append(variants, operation{o.schema, o.login, root})
	}
	for at, s := range o.root.all() {
		for i, b := range s.below {
			if len(s.below) > 1 {
				vary(at, func(s *selection) { s.below = slices.Delete(s.below, i, i+1) })
			}
			if b.on != "" && len(b.below) > 0 && (b.on == s.on || s.on == "") {
				vary(at, func(s *selection) { s.below = slices.Replace(s.below, i, i+1, s.below[i].below...) })
			}
		}
		if s.directive != "" {
			vary(at, func(s *selection) { s.directive = "" })
			vary(at, func(s *selection) { s.condition.variable = false })
		}
		for name, a := range s.args {
			if !a.typ.NonNull {
				vary(at, func(s *selection) { delete(s.args, name) })
			}
			if a.variable {
				vary(at, func(s *selection) { a.variable = false; s.args[name] = a })
			}
			for _, value := range smallerValues(a.value) {
				vary(at, func(s *selection) { s.args[name] = argument{a.typ, value, a.variable} })
			}
		}
	}
	// A variant whose variables are still variables is not smaller.
	was, _ := o.text()
	return slices.DeleteFunc(variants, func(v operation) bool { text, _ := v.text(); return text == was })
}
