package store

import "context"

type ownPlanKey struct{}

// WithOwnPlan returns a context whose statements PostgreSQL plans for the
// values at hand each time. A kept statement gets one plan for all values after
// a few executions: right where values are alike, as guids and positions are.
// The conditions of a search are not: half of the rows meet one, none another,
// and the plan that finds the first page of the former at once reads the whole
// table for the latter. The price is a round trip and the planner's time.
func WithOwnPlan(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownPlanKey{}, true)
}

func ownPlan(ctx context.Context) bool { return ctx.Value(ownPlanKey{}) != nil }
