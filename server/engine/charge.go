package engine

import (
	"context"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/limit"
)

// newCharge returns the charge for a request: to a user, or to the network of a request without credentials.
type charge struct {
	rate     *limit.Rate
	most     int
	holder   string
	cost     limit.Cost
	standing limit.Quota
}

func (e *Engine) newCharge(ctx context.Context) *charge {
	a := &charge{rate: e.rate, most: e.limits.Cost}
	switch v := viewer.FromContext(ctx); {
	case v == nil:
		a.holder = "from " + e.origin(ctx)
	case v.System:
		a.rate = nil
	default:
		a.holder = string(v.ID[:])
	}
	return a
}

// memberChanges is how many changes a member may make at once where it has spent
// nothing else.
const memberChanges = 200

// withChanges adds the price of a member's changes. Each leaves a job, also one that
// is refused: without a price of its own a caller with hardly any right could fill
// the database.
func (a *charge) withChanges(ctx context.Context, cost limit.Cost, oc *graphql.OperationContext) limit.Cost {
	v := viewer.FromContext(ctx)
	if oc.Operation.Operation != ast.Mutation || v == nil || v.Role != viewer.Member {
		return cost
	}
	changes := graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"})
	return cost.Plus(len(changes) * a.rate.Burst() / memberChanges)
}

// enter takes the fixed cost of every request, also of a rejected one, because a flood of those is work too.
func (a *charge) enter(r *Request) (err error) {
	if r.Continues {
		a.standing = a.rate.Settle(a.holder, -1)
		return nil
	}
	a.standing, err = a.rate.Take(a.holder, 1)
	return err
}

// reserve takes what the operation may cost. enter has already taken 1 of it.
func (a *charge) reserve(cost limit.Cost, r *Request) (err error) {
	if r.Continues {
		a.standing = a.rate.Settle(a.holder, 1-cost.Requested)
	} else if a.standing, err = a.rate.Take(a.holder, cost.Requested-1); err != nil {
		return err
	}
	a.cost = cost
	return nil
}

// release gives back what was reserved for a request that was not executed.
func (a *charge) release(answer Answer) Answer {
	if back := a.cost.Requested - 1; back > 0 {
		a.standing = a.rate.Settle(a.holder, back)
	}
	answer.Standing = a.standing
	return answer
}

// settle gives back what the operation did not cost and sets the cost in the answer. A stored answer (Idempotency-Key) must
// be identical each time, so the remaining quota is only in its headers.
func (a *charge) settle(answer Answer, keyed bool, b *budget.Budget) Answer {
	objects, size := b.Spent()
	answer.Cost = a.cost.Actual(answer.Data, objects, size)
	answer.Standing = a.rate.Settle(a.holder, a.cost.Requested-answer.Cost)
	told := map[string]any{"requested": a.cost.Requested, "actual": answer.Cost, "limit": a.most}
	if !keyed && answer.Standing.Limit > 0 {
		told["remaining"] = answer.Standing.Remaining
	}
	if answer.Extensions == nil {
		answer.Extensions = map[string]any{}
	}
	answer.Extensions["cost"] = told
	return answer
}

// Header sets the headers for the caller's quota and for when to retry.
func (a Answer) Header(h http.Header) {
	a.Standing.Header(h)
	if len(a.Errors) == 0 || a.Errors[0].Err == nil {
		return
	}
	if seconds := fault.As(a.Errors[0].Err).RetrySeconds(); seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
}
