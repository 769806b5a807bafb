package engine

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// authorize refuses what the caller may not ask at all.
func (e *Engine) authorize(ctx context.Context, doc *ast.QueryDocument, r *Request) error {
	op := doc.Operations.ForName(r.OperationName)
	if op == nil {
		return nil
	}
	if r.ReadOnly && op.Operation != ast.Query {
		return fault.New(fault.Invalid, "A GET request cannot carry a %s; send it by POST", op.Operation).
			With("status", 405)
	}
	caller := viewer.FromContext(ctx)
	if caller == nil && !anonymous(op) {
		return fault.New(fault.Unauthenticated, "Authentication failed")
	}
	if !e.introspect(caller) && introspects(doc, op.SelectionSet, map[string]bool{}) {
		return fault.New(fault.Forbidden, "The schema may not be asked for here")
	}
	return nil
}

// anonymous reports whether an operation may come from nobody: it signs in, or
// only asks whether somebody is there.
func anonymous(op *ast.OperationDefinition) bool {
	for _, s := range op.SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok || (f.Name != "__typename" && (f.Name != "signIn" || op.Operation != ast.Mutation)) {
			return false
		}
	}
	return true
}

// introspects reports whether root selections ask for the schema.
func introspects(doc *ast.QueryDocument, set ast.SelectionSet, seen map[string]bool) bool {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if s.Name == "__schema" || s.Name == "__type" {
				return true
			}
		case *ast.InlineFragment:
			if introspects(doc, s.SelectionSet, seen) {
				return true
			}
		case *ast.FragmentSpread:
			f := doc.Fragments.ForName(s.Name)
			if f == nil || seen[s.Name] {
				continue
			}
			seen[s.Name] = true
			if introspects(doc, f.SelectionSet, seen) {
				return true
			}
		}
	}
	return false
}
