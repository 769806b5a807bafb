package store

import "context"

type ownPlanKey struct{}

// WithOwnPlan returns a context whose statements PostgreSQL plans for their
// actual values (custom plans). A prepared statement gets a generic plan after a
// few executions, which suits guids and cursors. It does not suit the conditions
// of a search: half of the rows may match one value and none another, and the
// plan that is fast for the former reads the whole table for the latter. The cost
// is one round trip and the planner's time.
func WithOwnPlan(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownPlanKey{}, true)
}

func ownPlan(ctx context.Context) bool { return ctx.Value(ownPlanKey{}) != nil }
