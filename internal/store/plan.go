package store

import (
	"cmp"
	"context"
)

type ownPlanKey struct{}

// WithOwnPlan returns a context whose statements PostgreSQL plans for their actual values (custom plans). A prepared
// statement gets a generic plan after a few executions, which suits guids and cursors. It does not suit the conditions of a
// search: one value may match half of the rows and another none, and the plan that is fast for the former reads the whole
// table for the latter. The cost is the planner's time.
func WithOwnPlan(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownPlanKey{}, true)
}

func ownPlan(ctx context.Context) bool { return ctx.Value(ownPlanKey{}) != nil }

// planMode is the run-time parameter that says how a session plans its prepared
// statements.
const planMode = "plan_cache_mode"

// planFor makes the session plan prepared statements as the context asks. It
// stays so until a context asks for the other: statements of one kind come in
// rows, and a change is a round trip.
func (c *conn) planFor(ctx context.Context, own bool) error {
	if c.ownPlans == own {
		return nil
	}
	mode := cmp.Or(c.usualPlans, "auto")
	if own {
		mode = "force_custom_plan"
	}
	if _, err := c.inner.ExecContext(ctx, "SET "+planMode+" = "+literal(mode), nil); err != nil {
		// It changes nothing that another session would miss.
		return c.settle(ctx, err, false)
	}
	c.ownPlans = own
	return nil
}

// unprepared reports whether a statement is sent without preparing it: it does
// not come again, another is being read, a pooler keeps none, or it needs a plan
// of its own within a transaction, whose end would undo a change of the mode.
func (c *conn) unprepared(ctx context.Context, query string) bool {
	return c.reading > 0 || c.plain || !keepable(query) || c.link != nil && c.inTx && ownPlan(ctx)
}
