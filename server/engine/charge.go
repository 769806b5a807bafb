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

// charge is what a request costs its caller: a user, or the network of a request without credentials.
type charge struct {
	rate    *limit.Rate
	maxCost int
	caller  string
	cost    limit.Cost
	member  bool // the caller has the role MEMBER
	quota   limit.Quota
}

// newCharge returns the charge for the viewer of ctx. The server itself is not charged.
func (e *Engine) newCharge(ctx context.Context) *charge {
	a := &charge{rate: e.rate, maxCost: e.limits.Cost}
	switch v := viewer.FromContext(ctx); {
	case v == nil:
		a.caller = "from " + e.origin(ctx)
	case v.System:
		a.rate = nil
	default:
		a.caller, a.member = string(v.ID[:]), v.Role == viewer.Member
	}
	return a
}

// memberChanges is how many changes a member may make at once if it has spent nothing else.
const memberChanges = 200

// storedBytes is the size of a text or an answer that a member stores at the price of one change, in bytes.
const storedBytes = 1 << 10

// withChanges adds the price of a member's changes and of their texts. Each change creates a job with its input, even if it is
// rejected. Without this price a member could fill the database with jobs.
func (a *charge) withChanges(cost limit.Cost, oc *graphql.OperationContext) limit.Cost {
	if oc.Operation.Operation != ast.Mutation {
		return cost
	}
	changes := graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Mutation"})
	return cost.Plus(a.changes(len(changes) + cost.Text/storedBytes))
}

// changes returns the additional price of n changes: only a member pays it.
func (a *charge) changes(n int) int {
	if !a.member {
		return 0
	}
	return n * a.rate.Burst() / memberChanges
}

// takeFixed takes the fixed cost of every request, even of a rejected one, because many rejected requests cost work too.
func (a *charge) takeFixed(r *Request) (err error) {
	if r.Continues {
		a.quota = a.rate.Settle(a.caller, -1)
		return nil
	}
	a.quota, err = a.rate.Take(a.caller, 1)
	return err
}

// reserve takes what the operation may cost. takeFixed has already taken 1 of it.
func (a *charge) reserve(cost limit.Cost, r *Request) (err error) {
	if r.Continues {
		a.quota = a.rate.Settle(a.caller, 1-cost.Requested)
	} else if a.quota, err = a.rate.Take(a.caller, cost.Requested-1); err != nil {
		return err
	}
	a.cost = cost
	return nil
}

// release gives back what was reserved for a request that was not executed.
func (a *charge) release(answer Answer) Answer {
	if back := a.cost.Requested - 1; back > 0 {
		a.quota = a.rate.Settle(a.caller, back)
	}
	answer.Quota = a.quota
	return answer
}

// settle gives back what the operation did not cost and sets the cost in the answer. A stored answer (Idempotency-Key) must
// be identical each time, so the remaining quota is only in its headers.
func (a *charge) settle(answer Answer, keyed bool, b *budget.Budget) Answer {
	objects, size := b.Spent()
	answer.Cost = a.cost.Actual(answer.Data, objects, size)
	if keyed {
		// The answer is stored for a repeated request.
		answer.Cost += a.changes(len(answer.Data) / storedBytes)
	}
	answer.Quota = a.rate.Settle(a.caller, a.cost.Requested-answer.Cost)
	extension := map[string]any{"requested": a.cost.Requested, "actual": answer.Cost, "limit": a.maxCost}
	if !keyed && answer.Quota.Limit > 0 {
		extension["remaining"] = answer.Quota.Remaining
	}
	if answer.Extensions == nil {
		answer.Extensions = map[string]any{}
	}
	answer.Extensions["cost"] = extension
	return answer
}

// Header sets the headers for the caller's quota and for when to retry.
func (a Answer) Header(h http.Header) {
	a.Quota.Header(h)
	if len(a.Errors) == 0 || a.Errors[0].Err == nil {
		return
	}
	if seconds := fault.As(a.Errors[0].Err).RetrySeconds(); seconds > 0 {
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
}
