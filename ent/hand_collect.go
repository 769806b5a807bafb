package ent

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// nodesField is the short form of `edges { node }`.
const nodesField = "nodes"

// fieldArgs returns the arguments of the connection at path; the page size is DefaultPage if the request gives none.
// preloads has already checked that the arguments are valid.
func fieldArgs(ctx context.Context, whereInput any, path ...string) map[string]any {
	field := collectedField(ctx, path...)
	if field == nil {
		return nil
	}
	args := unmarshalArgs(ctx, whereInput, field.ArgumentMap(graphql.GetOperationContext(ctx).Variables))
	if args[firstField] == nil && args[lastField] == nil {
		size := DefaultPage
		args[firstField] = &size
	}
	return args
}

// preloads reports whether one statement may read the rows of the connection at path for all parents. It may not in four
// cases: an argument is invalid (the connection's resolver then reports the error with its path); a cursor is given (a
// cursor belongs to the list of one parent); totalCountIsEstimate is selected; or a filter is given that cannot be read here,
// because gqlgen prepares the context of queries and mutations for it, and not that of subscriptions.
func preloads(ctx context.Context, path ...string) bool {
	field := collectedField(ctx, path...)
	if field == nil || hasCollectedField(ctx, append(path, estimateField)...) {
		return false
	}
	args := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	for _, name := range []string{firstField, lastField} {
		if args[name] == nil {
			continue
		}
		if size, err := graphql.UnmarshalInt(args[name]); err != nil || size < 1 || size > MaxPage {
			return false
		}
	}
	if args[whereField] != nil && graphql.UnmarshalNamedInputFromContext(ctx, "CustomerWhereInput", map[string]any{}, new(CustomerWhereInput)) != nil {
		return false
	}
	return args[afterField] == nil && args[beforeField] == nil
}

// selectedOnce reports whether an edge to one object is selected under a single alias. Only one selection can be loaded with the
// parents; if there are several, each is loaded by its resolver.
func selectedOnce(oc *graphql.OperationContext, parent graphql.CollectedField, satisfies []string, field graphql.CollectedField) bool {
	for _, f := range graphql.CollectFields(oc, parent.Selections, satisfies) {
		if f.Name == field.Name && f.Alias != field.Alias {
			return false
		}
	}
	return true
}

// selectsPageInfo reports whether the named field of PageInfo is selected in the connection being resolved.
func selectsPageInfo(ctx context.Context, name string) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return true
	}
	oc := graphql.GetOperationContext(ctx)
	for _, part := range graphql.CollectFields(oc, fc.Field.Selections, nil) {
		if part.Name == pageInfoField && pick(ctx, &part, func(f graphql.CollectedField) bool { return f.Name == name }) != nil {
			return true
		}
	}
	return false
}

// collectedField follows path from the field being resolved. The path has aliases of connections and names of their parts.
// The parts `edges` and `node` stand for `nodes` as well, so that both forms load the same rows.
func collectedField(ctx context.Context, path ...string) *graphql.CollectedField {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return nil
	}
	field := &fc.Field
	for i := 0; i < len(path) && field != nil; i++ {
		switch {
		case path[i] != edgesField:
			field = pick(ctx, field, func(f graphql.CollectedField) bool { return f.Alias == path[i] })
		case i+1 < len(path) && path[i+1] == nodeField:
			field = nodeSelection(ctx, field)
			i++
		default:
			field = pick(ctx, field, needsRows)
		}
	}
	return field
}

// hasCollectedField reports whether the part of a connection at the end of path is selected. Page information comes with the
// rows and never needs a count.
func hasCollectedField(ctx context.Context, path ...string) bool {
	if graphql.GetFieldContext(ctx) == nil {
		return true
	}
	part := path[len(path)-1]
	if part == pageInfoField {
		return false
	}
	field := collectedField(ctx, path[:len(path)-1]...)
	if field == nil {
		return false
	}
	if part == edgesField {
		return pick(ctx, field, needsRows) != nil
	}
	return pick(ctx, field, func(f graphql.CollectedField) bool { return f.Name == part }) != nil
}

func needsRows(f graphql.CollectedField) bool {
	return f.Name == edgesField || f.Name == nodesField || f.Name == pageInfoField
}

func pick(ctx context.Context, of *graphql.CollectedField, want func(graphql.CollectedField) bool) *graphql.CollectedField {
	for _, f := range graphql.CollectFields(graphql.GetOperationContext(ctx), of.Selections, nil) {
		if want(f) {
			return &f
		}
	}
	return nil
}

// nodeSelection returns the selection of a connection's nodes, in either form and under any alias. It returns nil if they
// are selected more than once: the selections may use different arguments, so nothing can be preloaded.
func nodeSelection(ctx context.Context, connection *graphql.CollectedField) *graphql.CollectedField {
	var found []graphql.CollectedField
	oc := graphql.GetOperationContext(ctx)
	for _, f := range graphql.CollectFields(oc, connection.Selections, nil) {
		switch f.Name {
		case nodesField:
			found = append(found, f)
		case edgesField:
			for _, n := range graphql.CollectFields(oc, f.Selections, nil) {
				if n.Name == nodeField {
					found = append(found, n)
				}
			}
		}
	}
	if len(found) != 1 {
		return nil
	}
	return &found[0]
}
