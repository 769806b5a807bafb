package store

import "context"

type ownPlanKey struct{}

// WithOwnPlan returns a context whose statements PostgreSQL plans for their actual values (custom plans). A prepared
// statement gets a generic plan after a few executions, which suits guids and cursors. It does not suit the conditions of a
// search: one value may match half of the rows and another none, and the plan that is fast for the former reads the whole
// table for the latter. The cost is one round trip and the planner's time.
func WithOwnPlan(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownPlanKey{}, true)
}

func ownPlan(ctx context.Context) bool { return ctx.Value(ownPlanKey{}) != nil }
