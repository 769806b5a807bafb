package engine

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/budget"
)

type shareKey struct{}

// Enter begins a request of whoever is in its context: what it sends, what its
// operations hold, and what is not yet sent of their answers counts for the
// caller until leave is called. It fails where the requests of the caller hold
// too much already.
func (e *Engine) Enter(r *http.Request) (entered *http.Request, leave func(), err error) {
	ctx := r.Context()
	charge := e.newCharge(ctx)
	if charge.rate == nil && charge.holder == "" {
		return r, func() {}, nil // the server itself
	}
	share, err := e.callers.Enter(charge.holder)
	if err != nil {
		return r, func() {}, err
	}
	r = r.WithContext(context.WithValue(ctx, shareKey{}, share))
	r.Body = share.Reader(r.Body)
	return r, share.Leave, nil
}

// spend gives an operation its budget, of the share of its request.
func (e *Engine) spend(ctx context.Context) (context.Context, *budget.Budget, func()) {
	share, _ := ctx.Value(shareKey{}).(*budget.Share)
	ctx, b := share.Start(ctx, e.budget)
	return ctx, b, b.End
}

// spendStreamed gives one answer of a stream its budget. A request may have several
// streams, and each gives back what its answer holds when it is made.
func (e *Engine) spendStreamed(ctx context.Context) (context.Context, *budget.Budget, func()) {
	share, _ := ctx.Value(shareKey{}).(*budget.Share)
	ctx, b := budget.Start(ctx, e.budget, share)
	return ctx, b, func() {
		b.End()
		b.Release()
	}
}

// boundErrors presents no more errors than can be shown, and none once the
// operation must end: its answer is one error.
func boundErrors(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if !budget.From(ctx).MayFail() {
			return nil
		}
		return present(ctx, err)
	}
}
