// Package engine runs GraphQL operations for every face: it parses and
// validates a document once, holds it against the limits before that costs
// anything, and executes it with gqlgen. The GraphQL transport and the old
// URLs both stand on it, so that who may do what, and how much, is the same
// code for both.
package engine

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/executor"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// keptDocuments is how many validated documents are kept.
const keptDocuments = 1000

// Engine executes operations. It is safe for concurrent use.
type Engine struct {
	schema *ast.Schema
	exec   *executor.Executor
	limits Limits
	docs   *documents
	repeat Repeater
}

// Repeater gives the first answer again to a mutation that is sent again.
type Repeater interface {
	// Once runs a mutation so that its change and the answer kept under key are
	// one transaction.
	Once(ctx context.Context, key string, request []byte, run func(context.Context) *graphql.Response) *graphql.Response
}

// Options say what an engine stands on.
type Options struct {
	Schema    graphql.ExecutableSchema
	Presenter graphql.ErrorPresenterFunc
	Limits    Limits
	Repeater  Repeater
	Log       *slog.Logger
}

// New returns an engine.
func New(o Options) *Engine {
	// The size is positive, which is all that New can refuse.
	kept, _ := lru.New[string, *ast.QueryDocument](keptDocuments)
	e := &Engine{
		schema: o.Schema.Schema(),
		exec:   executor.New(o.Schema),
		limits: o.Limits.withDefaults(),
		docs:   &documents{kept: kept, pinned: map[string]*ast.QueryDocument{}},
		repeat: o.Repeater,
	}
	e.exec.Use(turns{})
	e.exec.SetQueryCache(e.docs)
	e.exec.SetErrorPresenter(o.Presenter)
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

// Pin validates a document of the server's own and keeps it for good.
func (e *Engine) Pin(query string) (*ast.QueryDocument, error) {
	doc, errs := e.read(query)
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
}

// Run executes a request.
func (e *Engine) Run(ctx context.Context, r *Request) (answer Answer) {
	defer func() {
		if value := recover(); value != nil {
			ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
			shown := gqlerror.WrapIfUnwrapped(e.exec.PresentRecoveredError(ctx, value))
			answer = Answer{Response: &graphql.Response{Errors: gqlerror.List{shown}}, Status: http.StatusInternalServerError}
		}
	}()
	ctx = graphql.StartOperationTrace(ctx)
	oc, errs := e.operation(ctx, r)
	if len(errs) > 0 {
		return e.refuse(ctx, errs)
	}
	run := func(ctx context.Context) *graphql.Response {
		next, ctx := e.exec.DispatchOperation(ctx, oc)
		return next(ctx)
	}
	answer = Answer{Executed: true, Status: 200, Operation: oc.Operation}
	if oc.Operation.Operation == ast.Mutation && r.Key != "" && e.repeat != nil {
		answer.Response = e.once(ctx, r, run)
	} else {
		answer.Response = run(ctx)
	}
	if answer.Response == nil {
		return e.refuse(ctx, gqlerror.List{wrap(fault.New(fault.Timeout, "The request was given up"))})
	}
	answer.Errors = e.limits.trim(answer.Errors)
	return answer
}

// operation finds, checks and prepares the operation of a request.
func (e *Engine) operation(ctx context.Context, r *Request) (*graphql.OperationContext, gqlerror.List) {
	doc, errs := e.document(ctx, r.Query)
	if len(errs) > 0 {
		return nil, errs
	}
	if err := e.admit(ctx, doc, r); err != nil {
		return nil, gqlerror.List{wrap(err)}
	}
	oc, errs := e.exec.CreateOperationContext(ctx, &r.RawParams)
	if len(errs) > 0 {
		return nil, errs
	}
	oc.DisableIntrospection = false
	if err := e.limits.cost(oc); err != nil {
		return nil, gqlerror.List{wrap(err)}
	}
	return oc, nil
}

// admit refuses what the caller may not ask at all.
func (e *Engine) admit(ctx context.Context, doc *ast.QueryDocument, r *Request) error {
	op := doc.Operations.ForName(r.OperationName)
	if op == nil {
		return nil
	}
	if r.ReadOnly && op.Operation != ast.Query {
		return fault.New(fault.Invalid, "A GET request cannot carry a %s; send it by POST", op.Operation).
			With("status", 405)
	}
	if viewer.FromContext(ctx) == nil && !anonymous(op) {
		return fault.New(fault.Unauthenticated, "Authentication failed")
	}
	return nil
}

// anonymous reports whether an operation may come from nobody: it signs in, or
// only asks whether somebody is there.
func anonymous(op *ast.OperationDefinition) bool {
	for _, s := range op.SelectionSet {
		f, ok := s.(*ast.Field)
		if !ok || (f.Name != "__typename" && (f.Name != "signIn" || op.Operation != ast.Mutation)) {
			return false
		}
	}
	return true
}

func (e *Engine) refuse(ctx context.Context, errs gqlerror.List) Answer {
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	a := Answer{Response: e.exec.DispatchError(ctx, e.limits.trim(errs))}
	a.Status = statusOf(a.Errors)
	return a
}

// document returns the validated document of a query.
func (e *Engine) document(ctx context.Context, query string) (*ast.QueryDocument, gqlerror.List) {
	if doc, ok := e.docs.Get(ctx, query); ok {
		return doc, nil
	}
	doc, errs := e.read(query)
	if len(errs) == 0 {
		e.docs.Add(ctx, query, doc)
	}
	return doc, errs
}

// read parses a query, holds it against the limits, and validates it.
func (e *Engine) read(query string) (*ast.QueryDocument, gqlerror.List) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, e.limits.Tokens)
	if err != nil {
		return nil, coded(errcode.ParseFailed, err)
	}
	if len(doc.Operations) == 0 {
		return nil, coded(errcode.ValidationFailed, gqlerror.Errorf("no operation provided"))
	}
	if err := e.limits.check(doc); err != nil {
		return nil, gqlerror.List{wrap(err)}
	}
	if errs := validator.ValidateWithRules(e.schema, doc, rules.NewDefaultRules()); len(errs) > 0 {
		for _, err := range errs {
			errcode.Set(err, errcode.ValidationFailed)
		}
		return nil, errs
	}
	return doc, nil
}

func coded(code string, err error) gqlerror.List {
	errs := gqlerror.List{gqlerror.WrapIfUnwrapped(err)}
	errs[0].Err = nil
	errcode.Set(errs[0], code)
	return errs
}

func wrap(err error) *gqlerror.Error { return &gqlerror.Error{Message: err.Error(), Err: err} }

// documents keeps validated documents: the server's own for good, others while
// they are in use.
type documents struct {
	kept   *lru.Cache[string, *ast.QueryDocument]
	pinned map[string]*ast.QueryDocument
}

// Get returns a kept document.
func (d *documents) Get(_ context.Context, query string) (*ast.QueryDocument, bool) {
	if doc, ok := d.pinned[query]; ok {
		return doc, true
	}
	return d.kept.Get(query)
}

// Add keeps a validated document.
func (d *documents) Add(_ context.Context, query string, doc *ast.QueryDocument) {
	d.kept.Add(query, doc)
}

// Parse parses a document of the server's own.
func Parse(text string) (*ast.QueryDocument, error) {
	return parser.ParseQuery(&ast.Source{Input: text})
}
