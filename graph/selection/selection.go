// Package selection walks through the selections of GraphQL documents.
package selection

import (
	"iter"

	"github.com/vektah/gqlparser/v2/ast"
)

// Fields yields the fields of selections, including those of inline and named fragments, but not the fields below them. @skip
// and @include are ignored. Each named fragment is visited once: a short document can spread a fragment that spreads others
// more often than any server can follow.
func Fields(set ast.SelectionSet) iter.Seq[*ast.Field] {
	return func(yield func(*ast.Field) bool) {
		(&walk{yield: yield}).fields(set)
	}
}

type walk struct {
	yield func(*ast.Field) bool
	seen  map[string]bool // fragments, by name
}

// fields reports whether the walk continues.
func (w *walk) fields(set ast.SelectionSet) bool {
	for _, s := range set {
		next := true
		switch s := s.(type) {
		case *ast.Field:
			next = w.yield(s)
		case *ast.InlineFragment:
			next = w.fields(s.SelectionSet)
		case *ast.FragmentSpread:
			next = w.fields(w.unseen(s))
		}
		if !next {
			return false
		}
	}
	return true
}

// unseen returns the selections of a fragment the first time, and none afterwards.
func (w *walk) unseen(s *ast.FragmentSpread) ast.SelectionSet {
	if s.Definition == nil || w.seen[s.Name] {
		return nil
	}
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	w.seen[s.Name] = true
	return s.Definition.SelectionSet
}
