// Package engine runs GraphQL operations for every face: it parses and
// validates a document once, holds it against the limits before that costs
// anything, and executes it with gqlgen. The GraphQL transport and the old
// URLs both stand on it, so that who may do what, and how much, is the same
// code for both.
package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
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
	"cloudapi/internal/viewer"
	"cloudapi/server/limit"
)

// Engine executes operations. It is safe for concurrent use.
type Engine struct {
	// queries are the queries that answer subscriptions; see asQuery.
	queries *lru.Cache[*ast.OperationDefinition, *ast.OperationDefinition]

	schema *ast.Schema
	exec   *executor.Executor
	inputs *coerce.Coercer
	docs   *documents
	repeat Idempotency
	// observe hears of every answer.
	observe func(context.Context, Answer)

	limits     limit.Limits
	budget     budget.Limits
	callers    *budget.Callers
	prices     *limit.CostModel
	rate       *limit.Rate
	origin     func(context.Context) string
	introspect func(*viewer.Viewer) bool
	change     func(context.Context) error
	// Validation for those who may introspect, and for those who may not.
	rulesWithSuggestions, rulesWithoutSuggestions *rules.Rules
}

// Idempotency gives the first answer again to a mutation that is sent again.
type Idempotency interface {
	// Once runs a mutation so that its change and the answer kept under key are
	// one transaction.
	Once(ctx context.Context, key string, request []byte, mutations []string, run func(context.Context) *graphql.Response) *graphql.Response
}

// Options say what an engine stands on.
type Options struct {
	Schema    graphql.ExecutableSchema
	Presenter graphql.ErrorPresenterFunc
	Limits    limit.Limits
	Budget    budget.Limits
	Rates     limit.Rates
	// Origin names where a request comes from: whose account pays for one that
	// has no credentials. All of them share one account where it is nil.
	Origin func(context.Context) string
	// Introspect reports who may ask for the schema; nil for everybody who is
	// signed in.
	Introspect func(*viewer.Viewer) bool
	// Change refuses a request that must not change anything, by the context it
	// came with; nil to refuse none.
	Change   func(context.Context) error
	Repeater Idempotency
	// Observe hears of every answer, nil for nobody.
	Observe func(context.Context, Answer)
	Log     *slog.Logger
}

// New returns an engine.
func New(o Options) *Engine {
	limits := o.Limits.OrDefault()
	// Only a size that is not positive is an error.
	queries, _ := lru.New[*ast.OperationDefinition, *ast.OperationDefinition](keptDocuments)
	e := &Engine{
		schema: o.Schema.Schema(), exec: executor.New(o.Schema), docs: newDocuments(), queries: queries, repeat: o.Repeater,
		limits: limits, budget: o.Budget.OrDefault(), callers: budget.NewCallers(o.Budget), prices: limit.NewCostModel(o.Schema.Schema()), rate: limit.NewRate(o.Rates, limits.Cost, time.Now),
		origin: o.Origin, introspect: o.Introspect, change: o.Change,
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
	e.inputs = newCoercer(e.schema, limits)
	e.exec.Use(counting{})
	e.exec.Use(fieldSerializer{})
	e.exec.Use(argumentChecker{e.inputs})
	e.exec.SetQueryCache(e.docs)
	e.exec.SetErrorPresenter(boundErrors(o.Presenter))
	e.exec.SetRecoverFunc(func(ctx context.Context, value any) error {
		o.Log.ErrorContext(ctx, "panic", "value", value, "stack", string(debug.Stack()))
		return fault.New(fault.Internal, "Internal server error")
	})
	return e
}

// Use adds an extension. It must be called before the first request.
func (e *Engine) Use(x graphql.HandlerExtension) { e.exec.Use(x) }

// Schema is what operations are validated against.
func (e *Engine) Schema() *ast.Schema { return e.schema }

// Preload validates a document of the server's own and keeps it for good. All are
// pinned before the first request. How large a document of others may be does
// not bound them.
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
	// ReadOnly refuses mutations: a GET must not change anything.
	ReadOnly bool
	// Key is the Idempotency-Key, "" for none.
	Key string
	// Continues marks a request that goes on with an answer that has begun: its
	// cost is charged, and it is not refused for it.
	Continues bool
	// Stream says that a subscription can be answered.
	Stream bool
}

// Answer is what came of a request.
type Answer struct {
	*graphql.Response
	// Executed is false where the request was refused before its execution
	// began: the answer then has no data.
	Executed bool
	// Status is the HTTP status that fits, 200 for all that was executed.
	Status int
	// Operation is the operation that was run, nil where there is none.
	Operation *ast.OperationDefinition
	// Cost is what the operation has cost, 0 where it was refused.
	Cost int
	// Standing is how the caller stands with its rate after it.
	Standing limit.Quota

	budget *budget.Budget
}

// Copy counts a copy of the answer's data, which it must be called before.
func (a Answer) Copy() error { return a.budget.Hold(len(a.Data)) }

// MayIntrospect reports whether a caller may ask for the schema; nil is one who is
// not signed in.
func (e *Engine) MayIntrospect(v *viewer.Viewer) bool { return e.introspect(v) }

// Run executes a request.
func (e *Engine) Run(ctx context.Context, r *Request) (answer Answer) {
	defer func() { e.observe(ctx, answer) }()
	defer func() {
		if value := recover(); value != nil {
			ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
			shown := gqlerror.WrapIfUnwrapped(e.exec.PresentRecoveredError(ctx, value))
			answer = Answer{Response: &graphql.Response{Errors: gqlerror.List{shown}}, Status: http.StatusInternalServerError}
		}
	}()
	ctx = graphql.StartOperationTrace(ctx)
	account := e.newCharge(ctx)
	if err := account.enter(r); err != nil {
		return account.tell(e.refuse(ctx, gqlerror.List{wrap(err)}))
	}
	oc, errs := e.operation(ctx, r)
	if len(errs) > 0 {
		return account.tell(e.refuse(ctx, errs))
	}
	mutations, err := keyed(ctx, oc, r)
	if err != nil {
		return account.tell(e.refuse(ctx, gqlerror.List{wrap(err)}))
	}
	cost, err := e.limits.Price(e.prices, oc.Operation, oc.Variables)
	if err == nil {
		err = account.reserve(account.withChanges(ctx, cost, oc), r)
	}
	if err != nil {
		return account.tell(e.refuse(ctx, gqlerror.List{wrap(err)}))
	}
	ctx, b, end := e.spend(ctx)
	defer end()
	if err := b.Draw(0, 0, cost.Memory); err != nil {
		return account.tell(e.refuse(budget.Without(ctx), gqlerror.List{wrap(err)}))
	}
	return e.execute(ctx, oc, r, mutations, account, b)
}

// execute runs an operation that is paid for.
func (e *Engine) execute(ctx context.Context, oc *graphql.OperationContext, r *Request, mutations []string, account *charge, b *budget.Budget) Answer {
	answer := Answer{Executed: true, Status: http.StatusOK, Operation: oc.Operation, budget: b}
	keyed := len(mutations) > 0 && e.repeat != nil
	run := func(ctx context.Context) *graphql.Response {
		next, ctx := e.exec.DispatchOperation(ctx, oc)
		response := next(ctx)
		// Under a key the whole operation is one transaction, which is rolled back.
		if err := exceeded(b, !keyed); err != nil {
			return e.exec.DispatchError(budget.Without(ctx), gqlerror.List{wrap(err)})
		}
		return response
	}
	if keyed {
		answer.Response = e.once(ctx, r, mutations, run)
	} else {
		answer.Response = run(ctx)
	}
	if answer.Response == nil {
		late := e.refuse(ctx, gqlerror.List{wrap(fault.New(fault.Timeout, "The request was given up"))})
		late.Operation = oc.Operation
		return account.tell(late)
	}
	answer.Errors = e.limits.Trim(answer.Errors)
	return account.settle(answer, keyed, b)
}

// operation finds, checks and prepares the operation of a request.
func (e *Engine) operation(ctx context.Context, r *Request) (*graphql.OperationContext, gqlerror.List) {
	doc, errs := e.document(ctx, r.Query)
	if len(errs) > 0 {
		return nil, errs
	}
	if err := e.authorize(ctx, doc, r); err != nil {
		return nil, gqlerror.List{wrap(err)}
	}
	params, err := e.coerced(doc, r)
	if err != nil {
		return nil, gqlerror.List{wrap(err)}
	}
	// The executor takes the document from the context: what is too large to be
	// kept is not read a second time.
	oc, errs := e.exec.CreateOperationContext(context.WithValue(ctx, documentKey{}, doc), &params)
	if len(errs) > 0 {
		return nil, errs
	}
	oc.DisableIntrospection = false
	return oc, nil
}

// Refuse answers a request that was refused before there was an operation. The
// error is a fault, or a gqlerror.Error with a code.
func (e *Engine) Refuse(ctx context.Context, err error) Answer {
	account := e.newCharge(ctx)
	account.standing = account.rate.Settle(account.holder, -1)
	shown, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		shown = wrap(err)
	}
	answer := account.tell(e.refuse(ctx, gqlerror.List{shown}))
	e.observe(ctx, answer)
	return answer
}

func (e *Engine) refuse(ctx context.Context, errs gqlerror.List) Answer {
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	a := Answer{Response: e.exec.DispatchError(ctx, e.limits.Trim(errs))}
	a.Status = statusOf(a.Errors)
	return a
}

func wrap(err error) *gqlerror.Error { return &gqlerror.Error{Message: err.Error(), Err: err} }
