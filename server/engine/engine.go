// Package engine runs GraphQL operations for every API: it parses and validates a document once, checks it against the
// limits before it is executed, and executes it with gqlgen. The GraphQL transport and the old URLs both use it, so that
// rights and limits are the same code for both.
//
// Read the files in the order in which a request passes them:
//
//   - engine.go: Run, the whole way of a request. charge.go: what it costs its caller.
//   - document_cache.go, lift.go, rules.go: the parsed and validated document.
//   - authorize.go, inputs.go: whether the caller may run the operation, and its variables.
//   - idempotency.go: a mutation that is sent again.
//   - share.go, budget_counter.go, textsize.go, budget_error.go: the memory and the size of the answer.
//   - status.go: the HTTP status of a rejected request.
//   - subscription.go: subscriptions, which are executed once for each answer.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"cloudapi/graph/coerce"
	"cloudapi/internal/budget"
	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/limit"
)

// Engine executes operations. It is safe for concurrent use.
type Engine struct {
	// queries caches the queries that answer subscriptions, by the operation of the subscription; see asQuery.
	queries *lru.Cache[*ast.OperationDefinition, *ast.OperationDefinition]

	schema      *ast.Schema
	exec        *executor.Executor
	coercer     *coerce.Coercer
	docs        *documentCache
	idempotency Idempotency
	// observe is called with every answer.
	observe func(context.Context, Answer)

	limits      limit.Limits
	budget      budget.Limits
	callers     *budget.Callers
	costModel   *limit.CostModel
	rate        *limit.Rate
	origin      func(context.Context) string
	introspect  func(*viewer.Viewer) bool
	checkChange func(context.Context) error
	// Validation rules for callers who may introspect, and for those who may not.
	rulesWithSuggestions, rulesWithoutSuggestions *rules.Rules
}

// Idempotency returns the stored answer when a mutation is sent again with the same key.
type Idempotency interface {
	// Once runs a mutation so that its change and the answer stored under key are one transaction.
	Once(ctx context.Context, key string, request []byte, mutations []string, run func(context.Context) *graphql.Response) *graphql.Response
}

// Options configures an engine.
type Options struct {
	Schema    graphql.ExecutableSchema
	Presenter graphql.ErrorPresenterFunc
	Limits    limit.Limits
	Budget    budget.Limits
	Rates     limit.Rates
	// Origin returns where a request comes from. A request without credentials is charged to its origin; if Origin is nil,
	// all of them share one account.
	Origin func(context.Context) string
	// Introspect reports whether a viewer may introspect the schema; nil means every signed-in viewer.
	Introspect func(*viewer.Viewer) bool
	// CheckChange returns an error if the request of the context must not change anything; nil means no check.
	CheckChange func(context.Context) error
	Idempotency Idempotency
	// Observe is called with every answer. It may be nil.
	Observe func(context.Context, Answer)
	Log     *slog.Logger
}

// New returns an engine.
func New(o Options) *Engine {
	limits := o.Limits.OrDefault()
	// New fails only for a size that is not positive.
	queries, _ := lru.New[*ast.OperationDefinition, *ast.OperationDefinition](maxDocuments)
	e := &Engine{
		schema: o.Schema.Schema(), exec: executor.New(o.Schema), docs: newDocumentCache(), queries: queries, idempotency: o.Idempotency,
		limits: limits, budget: o.Budget.OrDefault(), callers: budget.NewCallers(o.Budget), costModel: limit.NewCostModel(o.Schema.Schema()), rate: limit.NewRate(o.Rates, limits.Cost, time.Now),
		origin: o.Origin, introspect: o.Introspect, checkChange: o.CheckChange,
		rulesWithSuggestions: addObjectRule(rules.NewDefaultRules()), rulesWithoutSuggestions: addObjectRule(newRulesWithoutSuggestions()),
	}
	if e.introspect == nil {
		e.introspect = func(v *viewer.Viewer) bool { return v != nil }
	}
	if e.origin == nil {
		e.origin = func(context.Context) string { return "" }
	}
	if e.observe = o.Observe; e.observe == nil {
		e.observe = func(context.Context, Answer) {}
	}
	e.coercer = newCoercer(e.schema, limits)
	e.exec.Use(budgetCounter{})
	e.exec.Use(fieldSerializer{})
	e.exec.Use(argumentChecker{e.coercer})
	e.exec.SetQueryCache(e.docs)
	e.exec.SetErrorPresenter(limitErrors(o.Presenter))
	e.exec.SetRecoverFunc(func(ctx context.Context, value any) error {
		service.LogPanic(ctx, o.Log, value)
		return fault.New(fault.Internal, fault.InternalMessage)
	})
	return e
}

// Use adds an extension. Call it before the first request.
func (e *Engine) Use(x graphql.HandlerExtension) { e.exec.Use(x) }

// Schema returns the schema that operations are validated against.
func (e *Engine) Schema() *ast.Schema { return e.schema }

// Preload validates one of the server's own documents and caches it permanently. Call it before the first request. The
// limits for clients' documents do not apply.
func (e *Engine) Preload(query string) (*ast.QueryDocument, error) {
	doc, _, errs := e.parse(query, limit.Unbounded())
	if len(errs) == 0 {
		errs = e.validate(doc, e.rulesWithSuggestions)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	e.docs.pinned[query] = doc
	return doc, nil
}

// Request is an operation to run.
type Request struct {
	graphql.RawParams
	// ReadOnly rejects mutations: a GET must not change anything.
	ReadOnly bool
	// Key is the Idempotency-Key, "" for none.
	Key string
	// Continues marks a follow-up of a request whose answer has begun, for example the next page. Its cost is charged, but
	// it is not rejected for exceeding the rate.
	Continues bool
	// Stream reports whether the transport can answer a subscription.
	Stream bool
}

// Answer is the result of a request.
type Answer struct {
	*graphql.Response
	// Executed is false if the request was rejected before its execution began; the answer then has no data.
	Executed bool
	// Status is the HTTP status of the answer: 200 for every executed operation.
	Status int
	// Operation is the operation that was run, nil for none.
	Operation *ast.OperationDefinition
	// Cost is the actual cost of the operation, 0 if it was rejected.
	Cost int
	// Quota is the caller's quota after the operation.
	Quota limit.Quota

	budget *budget.Budget
}

// Copy charges the memory of a copy of the answer's data. Call it before copying.
func (a Answer) Copy() error { return a.budget.Hold(len(a.Data)) }

// MayIntrospect reports whether a caller may introspect the schema. nil is a caller who is not signed in.
func (e *Engine) MayIntrospect(v *viewer.Viewer) bool { return e.introspect(v) }

// panicResponse returns the answer of an operation that panicked.
func (e *Engine) panicResponse(ctx context.Context, value any) *graphql.Response {
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	return &graphql.Response{Errors: gqlerror.List{gqlerror.WrapIfUnwrapped(e.exec.PresentRecoveredError(ctx, value))}}
}

// Run executes a request.
func (e *Engine) Run(ctx context.Context, r *Request) (answer Answer) {
	defer func() { e.observe(ctx, answer) }()
	defer func() {
		if value := recover(); value != nil {
			answer = Answer{Response: e.panicResponse(ctx, value), Status: http.StatusInternalServerError}
		}
	}()
	ctx = graphql.StartOperationTrace(ctx)
	charge := e.newCharge(ctx)
	if err := charge.takeFixed(r); err != nil {
		return charge.release(e.refuse(ctx, gqlerror.List{gqlError(err)}))
	}
	oc, errs := e.operation(ctx, r)
	if len(errs) > 0 {
		return charge.release(e.refuse(ctx, errs))
	}
	mutations, err := keyedMutations(ctx, oc, r)
	if err != nil {
		return charge.release(e.refuse(ctx, gqlerror.List{gqlError(err)}))
	}
	cost, err := e.limits.Price(e.costModel, oc.Operation, oc.Variables)
	if err == nil {
		err = charge.reserve(charge.withChanges(cost, oc), r)
	}
	if err != nil {
		return charge.release(e.refuse(ctx, gqlerror.List{gqlError(err)}))
	}
	ctx, b, end := e.startBudget(ctx)
	defer end()
	if err := b.Draw(0, 0, cost.Memory); err != nil {
		return charge.release(e.refuse(budget.Without(ctx), gqlerror.List{gqlError(err)}))
	}
	return e.execute(ctx, oc, r, mutations, charge, b)
}

// execute runs an operation whose cost was reserved.
func (e *Engine) execute(ctx context.Context, oc *graphql.OperationContext, r *Request, mutations []string, charge *charge, b *budget.Budget) Answer {
	answer := Answer{Executed: true, Status: http.StatusOK, Operation: oc.Operation, budget: b}
	keyed := len(mutations) > 0 && e.idempotency != nil
	run := func(ctx context.Context) *graphql.Response {
		next, ctx := e.exec.DispatchOperation(ctx, oc)
		response := next(ctx)
		// With a key the whole operation is one transaction, which is rolled back.
		if err := budgetError(b, !keyed); err != nil {
			return e.exec.DispatchError(budget.Without(ctx), gqlerror.List{gqlError(err)})
		}
		return response
	}
	if keyed {
		answer.Response = e.once(ctx, r, mutations, run)
	} else {
		answer.Response = run(ctx)
	}
	if answer.Response == nil {
		timeout := e.refuse(ctx, gqlerror.List{gqlError(fault.New(fault.Timeout, "The request was given up"))})
		timeout.Operation = oc.Operation
		return charge.release(timeout)
	}
	answer.Errors = e.limits.TruncateErrors(answer.Errors)
	return charge.settle(answer, keyed, b)
}

// operation finds, checks and prepares the operation of a request.
func (e *Engine) operation(ctx context.Context, r *Request) (*graphql.OperationContext, gqlerror.List) {
	doc, lifted, errs := e.document(ctx, r.Query)
	if len(errs) > 0 {
		return nil, errs
	}
	if r.OperationName == "" && len(doc.Operations) > 1 {
		return nil, gqlerror.List{gqlError(fault.New(fault.Invalid, "The document has %d operations; operationName must name one", len(doc.Operations)).On("operationName"))}
	}
	if err := e.authorize(ctx, doc, r); err != nil {
		return nil, gqlerror.List{gqlError(err)}
	}
	params, err := e.coerceVariables(doc, r, lifted)
	if err != nil {
		return nil, gqlerror.List{gqlError(err)}
	}
	// The executor takes the document from the context, so that one too large for the cache is not parsed twice.
	oc, errs := e.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), &params)
	if len(errs) > 0 {
		return nil, errs
	}
	oc.DisableIntrospection = false
	return oc, nil
}

// Refuse answers a request that was rejected before it had an operation. The error is a fault, or a gqlerror.Error with a
// code.
func (e *Engine) Refuse(ctx context.Context, err error) Answer {
	charge := e.newCharge(ctx)
	charge.quota = charge.rate.Settle(charge.caller, -1)
	shown, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		shown = gqlError(err)
	}
	answer := charge.release(e.refuse(ctx, gqlerror.List{shown}))
	e.observe(ctx, answer)
	return answer
}

func (e *Engine) refuse(ctx context.Context, errs gqlerror.List) Answer {
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	a := Answer{Response: e.exec.DispatchError(ctx, e.limits.TruncateErrors(errs))}
	a.Status = statusOf(a.Errors)
	return a
}

func gqlError(err error) *gqlerror.Error { return &gqlerror.Error{Message: err.Error(), Err: err} }
