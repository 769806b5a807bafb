package limit

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Document checks a parsed document against the limits that need no schema. A fragment counts each time it is spread, but is
// visited once.
func (l Limits) Document(doc *ast.QueryDocument) error {
	if n := len(doc.Operations); n > l.Operations {
		return limitExceeded("operations", fmt.Sprintf("document has %d operations", n), l.Operations, n)
	}
	w := newWalk(doc)
	for _, op := range doc.Operations {
		if n := len(op.VariableDefinitions); n > l.Variables {
			return limitExceeded("variables", fmt.Sprintf("operation declares %d variables", n), l.Variables, n)
		}
		x := w.set(op.SelectionSet)
		x.directives += len(op.Directives)
		for _, v := range op.VariableDefinitions {
			x.directives += len(v.Directives)
		}
		if err := l.checkExtent(x); err != nil {
			return err
		}
	}
	for _, f := range doc.Fragments {
		// A fragment that no operation spreads is validated too.
		x := w.fragment(f.Name)
		x.directives += len(f.Directives)
		if err := l.checkExtent(x); err != nil {
			return err
		}
	}
	return nil
}

func (l Limits) checkExtent(x extent) error {
	switch {
	case x.depth > l.Depth:
		return limitExceeded("depth", fmt.Sprintf("document has %s levels of fields", formatCount(x.depth)), l.Depth, x.depth)
	case x.aliases > l.Aliases:
		return limitExceeded("aliases", fmt.Sprintf("document has %s aliases", formatCount(x.aliases)), l.Aliases, x.aliases)
	case x.directives > l.Directives:
		return limitExceeded("directives", fmt.Sprintf("document has %s directives", formatCount(x.directives)), l.Directives, x.directives)
	}
	return nil
}

// extent is the size of a selection; each number is at most countless.
type extent struct{ depth, aliases, directives int }

// maxCount prevents overflow where fragments spread fragments.
const maxCount = 1 << 20

func formatCount(n int) string {
	if n >= maxCount {
		return fmt.Sprintf("at least %d", maxCount)
	}
	return fmt.Sprint(n)
}

func (x extent) plus(y extent) extent {
	return extent{
		depth:      max(x.depth, y.depth),
		aliases:    min(x.aliases+y.aliases, maxCount),
		directives: min(x.directives+y.directives, maxCount),
	}
}

// walk visits a document once.
type walk struct {
	fragments map[string]*ast.FragmentDefinition
	seen      map[string]extent
}

func newWalk(doc *ast.QueryDocument) *walk {
	w := &walk{fragments: map[string]*ast.FragmentDefinition{}, seen: map[string]extent{}}
	for _, f := range doc.Fragments {
		if w.fragments[f.Name] == nil {
			w.fragments[f.Name] = f
		}
	}
	return w
}

func (w *walk) set(set ast.SelectionSet) extent {
	var x extent
	for _, s := range set {
		x = x.plus(w.selection(s))
	}
	return x
}

func (w *walk) selection(s ast.Selection) extent {
	switch s := s.(type) {
	case *ast.Field:
		x := w.set(s.SelectionSet)
		x.directives += len(s.Directives)
		if s.Alias != s.Name {
			x.aliases++
		}
		if strings.HasPrefix(s.Name, "__") {
			// The depth of introspection is that of the types it describes; a validation rule limits it.
			x.depth = 0
		}
		x.depth++
		return x
	case *ast.InlineFragment:
		x := w.set(s.SelectionSet)
		x.directives += len(s.Directives)
		return x
	case *ast.FragmentSpread:
		x := w.fragment(s.Name)
		x.directives += len(s.Directives)
		return x
	}
	return extent{}
}

// fragment visits each fragment once. One that spreads itself ends here; validation rejects it.
func (w *walk) fragment(name string) extent {
	if x, ok := w.seen[name]; ok {
		return x
	}
	w.seen[name] = extent{}
	f := w.fragments[name]
	if f == nil {
		return extent{}
	}
	x := w.set(f.SelectionSet)
	w.seen[name] = x
	return x
}
