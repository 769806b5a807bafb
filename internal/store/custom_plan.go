package store

import (
	"cmp"
	"context"
)

type customPlanKey struct{}

// WithCustomPlan returns a context whose statements PostgreSQL plans for their actual values (custom plans). A prepared
// statement gets a generic plan after a few executions, which suits guids and cursors. It does not suit the conditions of a
// search: one value may match half of the rows and another none, and the plan that is fast for the former reads the whole
// table for the latter. The cost is the planner's time.
func WithCustomPlan(ctx context.Context) context.Context {
	return context.WithValue(ctx, customPlanKey{}, true)
}

func needsCustomPlan(ctx context.Context) bool { return ctx.Value(customPlanKey{}) != nil }

// planMode is the run-time parameter that selects custom or generic plans for the prepared statements of a session.
const planMode = "plan_cache_mode"

// setPlanMode makes the session use custom plans or not. The mode stays until a statement needs the other one: a change
// costs a round trip, and consecutive statements usually need the same mode.
func (c *conn) setPlanMode(ctx context.Context, custom bool) error {
	if c.customPlans == custom {
		return nil
	}
	mode := cmp.Or(c.planModeDefault, "auto")
	if custom {
		mode = "force_custom_plan"
	}
	if _, err := c.driverConn.ExecContext(ctx, "SET "+planMode+" = "+literal(mode), nil); err != nil {
		// The setting is only for this session, so the statement may run on another connection.
		return c.handleError(ctx, err, false)
	}
	c.customPlans = custom
	return nil
}

// unprepared reports whether a statement is sent without preparing it: because it is unlikely to repeat, the rows of
// another statement are still open, a pooler would lose it, or it needs a custom plan within a transaction, whose end
// would undo the change of the mode.
func (c *conn) unprepared(ctx context.Context, query string) bool {
	return c.openRows > 0 || c.noPrepare || !isCacheable(query) || c.netConn != nil && c.inTx && needsCustomPlan(ctx)
}
