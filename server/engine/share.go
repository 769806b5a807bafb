package engine

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/budget"
)

type shareKey struct{}

// Enter begins a request. Until leave is called, the size of the request, the memory of its operations and the unsent parts
// of their answers count for its caller. It fails if the caller's requests already use too much.
func (e *Engine) Enter(r *http.Request) (entered *http.Request, leave func(), err error) {
	ctx := r.Context()
	charge := e.newCharge(ctx)
	if charge.rate == nil && charge.caller == "" {
		return r, func() {}, nil // the server itself
	}
	share, err := e.callers.Enter(charge.caller)
	if err != nil {
		return r, func() {}, err
	}
	r = r.WithContext(context.WithValue(ctx, shareKey{}, share))
	r.Body = share.Reader(r.Body)
	return r, share.Leave, nil
}

// startBudget gives an operation a budget within its request's share.
func (e *Engine) startBudget(ctx context.Context) (context.Context, *budget.Budget, func()) {
	share, _ := ctx.Value(shareKey{}).(*budget.Share)
	ctx, b := share.Start(ctx, e.budget)
	return ctx, b, b.End
}

// startStreamBudget gives one answer of a stream a budget. A request may have several streams; each releases the memory of its
// answer after the answer is built.
func (e *Engine) startStreamBudget(ctx context.Context) (context.Context, *budget.Budget, func()) {
	share, _ := ctx.Value(shareKey{}).(*budget.Share)
	ctx, b := budget.Start(ctx, e.budget, share)
	return ctx, b, func() {
		b.End()
		b.Release()
	}
}

// limitErrors limits the number of presented errors. Once the operation must end it presents none, because the answer is
// then a single error.
func limitErrors(present graphql.ErrorPresenterFunc) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		if !budget.From(ctx).MayFail() {
			return nil
		}
		return present(ctx, err)
	}
}
