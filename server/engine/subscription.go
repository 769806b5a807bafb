package engine

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// Subscription is an accepted subscription. It is executed again for each answer, with the context and the rights of that
// moment.
type Subscription struct {
	engine *Engine
	oc     *graphql.OperationContext
	// query is the same operation as a query, nil for none. As a query it uses the read path, whose results can be shared.
	query *graphql.OperationContext
	// Key is equal for operations that give the same viewer the same answer.
	Key string
	// Cost is the maximum cost of one answer.
	Cost int
}

// Operation returns the operation.
func (s *Subscription) Operation() *ast.OperationDefinition { return s.oc.Operation }

// Subscribe checks a subscription as Run checks an operation. It returns the subscription, or an answer with the error. The
// caller of Subscribe charges each answer with Spend.
func (e *Engine) Subscribe(ctx context.Context, r *Request) (*Subscription, Answer) {
	ctx = graphql.StartOperationTrace(ctx)
	charge := e.newCharge(ctx)
	streamed := *r
	streamed.Stream = true
	if err := charge.takeFixed(r); err != nil {
		return nil, charge.release(e.refuse(ctx, gqlerror.List{gqlError(err)}))
	}
	oc, errs := e.operation(ctx, &streamed)
	if len(errs) > 0 {
		return nil, charge.release(e.refuse(ctx, errs))
	}
	if n := len(e.rootFields(oc)); n != 1 {
		return nil, charge.release(e.refuse(ctx, gqlerror.List{gqlError(fault.New(fault.Invalid, "A subscription must select one field; with its variables this one selects %d", n))}))
	}
	cost, err := e.limits.Price(e.costModel, oc.Operation, oc.Variables)
	if err != nil {
		return nil, charge.release(e.refuse(ctx, gqlerror.List{gqlError(err)}))
	}
	// Values that were decoded from JSON can always be encoded.
	key, _ := json.Marshal([]any{r.Query, r.OperationName, oc.Variables})
	return &Subscription{engine: e, oc: oc, query: e.asQuery(oc), Key: string(key), Cost: cost.Requested}, Answer{}
}

// rootFields returns the selected root fields of a subscription, without those that @skip and @include exclude.
func (e *Engine) rootFields(oc *graphql.OperationContext) []graphql.CollectedField {
	return graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{e.schema.Subscription.Name})
}

// IsSubscription reports whether a request is a subscription, as far as that can be decided without the checks of Run and Subscribe.
func (e *Engine) IsSubscription(ctx context.Context, r *Request) bool {
	doc, _, errs := e.document(ctx, r.Query)
	if len(errs) > 0 {
		return false
	}
	op := doc.Operations.ForName(r.OperationName)
	return op != nil && op.Operation == ast.Subscription
}

// Spend charges an answer to a subscriber's quota.
func (e *Engine) Spend(v *viewer.Viewer, cost int) error {
	if v == nil || v.System {
		return nil
	}
	_, err := e.rate.Take(string(v.ID[:]), cost)
	return err
}

// asQuery returns the query that answers a subscription to one object, nil if no query has the same field. The query is
// cached, and the read path's plan with it.
func (e *Engine) asQuery(oc *graphql.OperationContext) *graphql.OperationContext {
	op := oc.Operation
	made, ok := e.queries.Get(op)
	if !ok {
		made = e.queryOf(op)
		e.queries.Add(op, made)
	}
	if made == nil {
		return nil
	}
	return &graphql.OperationContext{
		RawQuery: oc.RawQuery, Variables: oc.Variables, OperationName: oc.OperationName, Doc: oc.Doc,
		Extensions: oc.Extensions, Headers: oc.Headers, Operation: made, RecoverFunc: oc.RecoverFunc,
		ResolverMiddleware: oc.ResolverMiddleware, RootResolverMiddleware: oc.RootResolverMiddleware, Stats: oc.Stats,
	}
}

func (e *Engine) queryOf(op *ast.OperationDefinition) *ast.OperationDefinition {
	if len(op.SelectionSet) != 1 {
		return nil
	}
	f, ok := op.SelectionSet[0].(*ast.Field)
	if !ok || len(f.Directives) > 0 {
		return nil
	}
	definition := e.schema.Query.Fields.ForName(f.Name)
	if definition == nil {
		return nil
	}
	field, query := *f, *op
	field.Definition, field.ObjectDefinition = definition, e.schema.Query
	query.Operation, query.SelectionSet = ast.Query, ast.SelectionSet{&field}
	return &query
}

// Execute executes a subscription once; concurrent calls wait. It returns nil if the resolver gives no answer.
func (s *Subscription) Execute(ctx context.Context) *graphql.Response {
	return s.execute(ctx, s.oc)
}

// Read executes a subscription to one object once, as a query if possible.
func (s *Subscription) Read(ctx context.Context) *graphql.Response {
	if s.query == nil {
		return s.execute(ctx, s.oc)
	}
	return s.execute(ctx, s.query)
}

func (s *Subscription) execute(ctx context.Context, oc *graphql.OperationContext) (response *graphql.Response) {
	e := s.engine
	defer func() {
		if value := recover(); value != nil {
			response = e.panicResponse(ctx, value)
		}
	}()
	ctx, b, end := e.startStreamBudget(ctx)
	defer end()
	next, ctx := e.exec.DispatchOperation(graphql.StartOperationTrace(ctx), oc)
	if oc.Operation.Operation == ast.Subscription {
		// gqlgen omits the root field, which begins the path of each error.
		ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: e.schema.Subscription.Name, Field: e.rootFields(oc)[0]})
	}
	response = next(ctx)
	if err := budgetError(b, false); err != nil {
		return e.exec.DispatchError(budget.Without(ctx), gqlerror.List{gqlError(err)})
	}
	if response != nil {
		response.Errors = e.limits.TruncateErrors(response.Errors)
	}
	return response
}

// Present returns an error in the form of an answer.
func (e *Engine) Present(ctx context.Context, err error) gqlerror.List {
	return e.refuse(ctx, gqlerror.List{gqlError(err)}).Errors
}

// errNotStreamed is the fault of a subscription in a request that can have only one answer.
func errNotStreamed() error {
	return fault.New(fault.Invalid, "A subscription needs a WebSocket, or a request that accepts text/event-stream").
		With("status", http.StatusNotAcceptable)
}
