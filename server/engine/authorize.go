package engine

import (
	"context"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// authorize rejects operations that the caller may not run at all.
func (e *Engine) authorize(ctx context.Context, doc *ast.QueryDocument, r *Request) error {
	op := doc.Operations.ForName(r.OperationName)
	if op == nil {
		return nil
	}
	if r.ReadOnly && op.Operation == ast.Mutation || r.ReadOnly && op.Operation == ast.Subscription && !r.Stream {
		return fault.New(fault.Invalid, "A GET request cannot carry a %s; send it by POST", op.Operation).
			With("status", 405)
	}
	if op.Operation == ast.Mutation && e.checkChange != nil {
		if err := e.checkChange(ctx); err != nil {
			return err
		}
	}
	caller := viewer.FromContext(ctx)
	if caller == nil && (!anonymous(op) || ctx.Value(invalidTokenKey{}) != nil && op.Operation != ast.Mutation) {
		return fault.AuthenticationFailed()
	}
	if op.Operation == ast.Subscription && !r.Stream {
		return errNotStreamed()
	}
	if caller != nil && caller.ReadOnly && op.Operation == ast.Mutation {
		return fault.New(fault.Forbidden, "Authorization failed")
	}
	if !e.introspect(caller) && introspects(doc, op.SelectionSet, map[string]bool{}) {
		return fault.New(fault.Forbidden, "The schema may not be asked for here")
	}
	return nil
}

type invalidTokenKey struct{}

// WithInvalidToken marks a request whose token is invalid. It may only sign in.
func WithInvalidToken(ctx context.Context) context.Context {
	return context.WithValue(ctx, invalidTokenKey{}, true)
}

// anonymous reports whether an operation needs no signed-in caller: it signs in, or it selects only __typename, with
// which clients check whether the server answers.
func anonymous(op *ast.OperationDefinition) bool {
	for _, s := range op.SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok || (f.Name != "__typename" && (f.Name != "signIn" || op.Operation != ast.Mutation)) {
			return false
		}
	}
	return true
}

// publicDepth is the maximum depth of a document of a caller who is not signed in: signIn, its payload, and the payload's
// fields. A deeper document could be used to find out the schema field by field.
const publicDepth = 3

// isPublic reports whether a document only signs in, as far as that can be decided without the schema.
func isPublic(doc *ast.QueryDocument) bool {
	for _, op := range doc.Operations {
		if !anonymous(op) || depth(doc, op.SelectionSet, map[string]int{}) > publicDepth {
			return false
		}
	}
	return true
}

// depth returns how deep fields are nested in selections. Each fragment is visited once; one that spreads itself is too
// deep.
func depth(doc *ast.QueryDocument, set ast.SelectionSet, fragments map[string]int) int {
	deepest := 0
	for _, s := range set {
		d := 0
		switch s := s.(type) {
		case *ast.Field:
			d = 1 + depth(doc, s.SelectionSet, fragments)
		case *ast.InlineFragment:
			d = depth(doc, s.SelectionSet, fragments)
		case *ast.FragmentSpread:
			known, ok := fragments[s.Name]
			if f := doc.Fragments.ForName(s.Name); !ok && f != nil {
				fragments[s.Name] = publicDepth + 1
				known = depth(doc, f.SelectionSet, fragments)
				fragments[s.Name] = known
			}
			d = known
		}
		deepest = max(deepest, d)
	}
	return deepest
}

// introspects reports whether root selections contain introspection fields.
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
