package engine

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/fault"
)

// Limits bound what one operation may ask for. Zero values mean the defaults.
type Limits struct {
	Tokens     int // of a document, 2,000
	Depth      int // of nested fields, 15
	Aliases    int // in an operation, fragments included, 50
	Directives int // likewise, 50
	Operations int // in a document, 20
	Cost       int // objects that an operation may have to read, 1,000,000
	Errors     int // in an answer, 5
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Tokens:     cmp.Or(l.Tokens, 2000),
		Depth:      cmp.Or(l.Depth, 15),
		Aliases:    cmp.Or(l.Aliases, 50),
		Directives: cmp.Or(l.Directives, 50),
		Operations: cmp.Or(l.Operations, 20),
		Cost:       cmp.Or(l.Cost, 1_000_000),
		Errors:     cmp.Or(l.Errors, 5),
	}
}

func over(what string, limit, asked int) error {
	return fault.New(fault.TooLarge, "The document has %d %s; at most %d are allowed", asked, what, limit).
		With("limit", what).With("max", limit).With("asked", asked)
}

// trim keeps an answer's errors few.
func (l Limits) trim(errs gqlerror.List) gqlerror.List {
	if len(errs) > l.Errors {
		return errs[:l.Errors]
	}
	return errs
}

// check holds a document against the limits that need no schema, before it is
// validated: some of the rules of validation grow with the square of it.
func (l Limits) check(doc *ast.QueryDocument) error {
	if n := len(doc.Operations); n > l.Operations {
		return over("operations", l.Operations, n)
	}
	w := &walk{doc: doc, seen: map[string]extent{}}
	for _, op := range doc.Operations {
		x := w.set(op.SelectionSet)
		x.directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			w.value(v.DefaultValue)
			x.directives += len(v.Directives)
		}
		switch {
		case x.depth > l.Depth:
			return over("levels of fields", l.Depth, x.depth)
		case x.aliases > l.Aliases:
			return over("aliases", l.Aliases, x.aliases)
		case x.directives > l.Directives:
			return over("directives", l.Directives, x.directives)
		}
	}
	for _, f := range doc.Fragments {
		// A fragment that no operation uses is validated all the same.
		if x := w.fragment(f.Name); x.directives+len(f.Directives) > l.Directives {
			return over("directives", l.Directives, x.directives+len(f.Directives))
		} else if x.aliases > l.Aliases {
			return over("aliases", l.Aliases, x.aliases)
		} else if x.depth > l.Depth {
			return over("levels of fields", l.Depth, x.depth)
		}
	}
	return w.err
}

// extent is how far a selection goes.
type extent struct{ depth, aliases, directives int }

// enough stops counts from overflowing where fragments spread fragments.
const enough = 1 << 20

type walk struct {
	doc  *ast.QueryDocument
	seen map[string]extent
	err  error
}

func (w *walk) set(set ast.SelectionSet) extent {
	var x extent
	for _, s := range set {
		y := w.selection(s)
		x.depth = max(x.depth, y.depth)
		x.aliases = min(x.aliases+y.aliases, enough)
		x.directives = min(x.directives+y.directives, enough)
	}
	return x
}

func (w *walk) selection(s ast.Selection) extent {
	switch s := s.(type) {
	case *ast.Field:
		x := w.set(s.SelectionSet)
		w.arguments(s.Arguments)
		w.directives(s.Directives)
		x.directives += len(s.Directives)
		if s.Alias != s.Name {
			x.aliases++
		}
		if strings.HasPrefix(s.Name, "__") {
			// Introspection is as deep as the types it tells of, and as cheap.
			x.depth = 0
		}
		x.depth++
		return x
	case *ast.InlineFragment:
		w.directives(s.Directives)
		x := w.set(s.SelectionSet)
		x.directives += len(s.Directives)
		return x
	case *ast.FragmentSpread:
		w.directives(s.Directives)
		x := w.fragment(s.Name)
		x.directives += len(s.Directives)
		return x
	}
	return extent{}
}

// fragment walks each fragment once. One that spreads itself ends here and is
// refused by validation.
func (w *walk) fragment(name string) extent {
	if x, ok := w.seen[name]; ok {
		return x
	}
	w.seen[name] = extent{}
	f := w.doc.Fragments.ForName(name)
	if f == nil {
		return extent{}
	}
	x := w.set(f.SelectionSet)
	w.seen[name] = x
	return x
}

func (w *walk) directives(list ast.DirectiveList) {
	for _, d := range list {
		w.arguments(d.Arguments)
	}
}

func (w *walk) arguments(list ast.ArgumentList) {
	for _, a := range list {
		w.value(a.Value)
	}
}

// value refuses whole numbers beyond 64 bits: later steps take it for granted
// that they fit.
func (w *walk) value(v *ast.Value) {
	if v == nil {
		return
	}
	if v.Kind == ast.IntValue {
		if _, err := strconv.ParseInt(v.Raw, 10, 64); err != nil && w.err == nil {
			w.err = fault.New(fault.Invalid, "The number %.40s is too large", v.Raw)
		}
	}
	for _, c := range v.Children {
		w.value(c.Value)
	}
}

// cost refuses an operation that may have to read too many objects. A page
// counts as large as it is asked for.
func (l Limits) cost(oc *graphql.OperationContext) error {
	c := &coster{variables: oc.Variables, limit: l.Cost}
	if n := c.set(oc.Operation.SelectionSet); n > l.Cost {
		return fault.New(fault.TooLarge,
			"The operation may have to read %d objects; at most %d are allowed: ask for smaller pages", n, l.Cost).
			With("limit", "cost").With("max", l.Cost).With("asked", n)
	}
	return nil
}

type coster struct {
	variables map[string]any
	limit     int
}

func (c *coster) set(set ast.SelectionSet) int {
	n := 0
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			n += c.field(s)
		case *ast.InlineFragment:
			n += c.set(s.SelectionSet)
		case *ast.FragmentSpread:
			n += c.set(s.Definition.SelectionSet)
		}
		if n > enough*enough {
			return n
		}
	}
	return n
}

func (c *coster) field(f *ast.Field) int {
	if len(f.SelectionSet) == 0 || strings.HasPrefix(f.Name, "__") {
		return 0
	}
	inner := c.set(f.SelectionSet)
	size := 1
	if f.Definition != nil && f.Definition.Directives.ForName("page") != nil {
		size = c.page(f)
	} else if f.Name == "nodes" || f.Name == "edges" || f.Name == "node" || f.Name == "pageInfo" {
		// They are parts of a connection, which has been counted.
		return inner
	}
	return size * (1 + inner)
}

func (c *coster) page(f *ast.Field) int {
	args := f.ArgumentMap(c.variables)
	for _, name := range []string{"first", "last"} {
		switch n := args[name].(type) {
		case json.Number:
			i, err := n.Int64()
			if err != nil {
				return largestPage
			}
			return clamp(int(min(i, enough)))
		case int64:
			return clamp(int(min(n, enough)))
		case int:
			return clamp(n)
		case float64:
			return clamp(int(min(n, enough)))
		}
	}
	return usualPage
}

// The sizes of a page; what is asked beyond them is refused as an argument.
const (
	usualPage   = 50
	largestPage = 500
)

func clamp(n int) int { return max(1, min(n, largestPage)) }
