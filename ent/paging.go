package ent

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/fault"
)

// The size of a page: what is asked for must lie in 1 to MaxPage, and nothing
// asked for means DefaultPage.
const (
	DefaultPage = 50
	MaxPage     = 500
)

// nodesField is the short form of `edges { node }`.
const nodesField = "nodes"

// validateFirstLast refuses a page that is empty, too large, or asked for from
// both ends.
func validateFirstLast(first, last *int) error {
	if first != nil && last != nil {
		return fault.New(fault.Invalid, "first and last exclude each other").On("last")
	}
	if err := checkPage("first", first); err != nil {
		return err
	}
	return checkPage("last", last)
}

func checkPage(field string, size *int) error {
	if size == nil || (*size >= 1 && *size <= MaxPage) {
		return nil
	}
	return fault.New(fault.Invalid, "%s must be from 1 to %d, not %d", field, MaxPage, *size).On(field)
}

// fieldArgs returns the arguments of the connection at path, with a page of
// DefaultPage where none is asked for.
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

// collectedField walks from the field being resolved down to path: aliases of
// connections, and the names of their parts. The parts `edges` and `node`
// stand for `nodes` as well, so that either form loads the same.
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

// hasCollectedField reports whether the part of a connection at the end of path
// is selected. Page information comes with the rows and never needs a count.
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

// nodeSelection is what is asked of a connection's nodes, in whichever form and
// under whichever alias. Where it is asked twice the two may differ in the
// arguments of one name, so that nothing is loaded ahead.
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

// limitPerRow is entgql's limit of rows for each parent, which chooses the right
// ones and leaves their order to chance: ours keeps it.
func limitPerRow(partitionBy string, limit int, orderBy ...sql.Querier) func(*sql.Selector) {
	limited := entgql.LimitPerRow(partitionBy, limit, orderBy...)
	return func(s *sql.Selector) {
		limited(s)
		s.OrderExpr(orderBy...)
	}
}

// SelectSide adds what sorts units into the sides of a customer's capacity to a
// query that selects some of their fields only.
func (_q *CapacityUnitQuery) SelectSide() {
	if len(_q.ctx.Fields) == 0 {
		return
	}
	for _, field := range []string{capacityunit.FieldKind, capacityunit.FieldType, capacityunit.FieldAmount} {
		_q.ctx.AppendFieldOnce(field)
	}
}

// AsTheyAre leaves DISTINCT out of a query for jobs.
func (_q *JobQuery) AsTheyAre() { _q.Unique(false) }
