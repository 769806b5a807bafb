// Package rest serves the old URLs, /appserver/rest/<service>/<method> (CONTRACT.md). It contains no method's name: each
// method is a GraphQL operation in operations/<service>.graphql with the same name, and its variables are the old
// parameters. The rules for an operation:
//
//   - The field with the alias `result` is the result. Below a list it becomes the array of its values. The field with the
//     alias `results` is put into an array of one. A mutation without either answers true.
//   - The field with the alias `jobguid` is the guid of the job, which each mutation selects; a query has none, and answers
//     null.
//   - The variable `$after` marks a connection to follow to its end: the operation is repeated until there is no next page,
//     and the answer is one array of all pages, with one page in memory at a time. The result is in the connection's nodes,
//     or contains the connection as the array of its nodes. Nothing is written before the first page is complete; if a later
//     one fails, the connection is closed.
//   - Every method accepts `jobguid` and `executionparams`. If the operation does not declare them, the router itself applies
//     the time limit and the message in the latter.
//   - A parameter is decoded by the type of its variable. Keys of a dictionary that its input type does not declare go into
//     the field `other`.
//   - An error names the parameter that provides the faulty argument or input field.
//
// Where CONTRACT.md does not say: `;` is an ordinary character in a query string. A body that is not a form is rejected
// with 400, an empty one is valid with any type. Files in a multipart form are rejected. Parameter names are
// case-sensitive. An OPTIONS request gets 405 too: scripts of other sites may not call.
//
// The OpenAPI description is public, at /appserver/rest/openapi.json: it contains only what this repository contains.
//
// Read the files in the order in which a call passes them:
//
//   - method.go, shape.go, directive.go: the operations, read when the server starts.
//   - handler.go, call.go: a call. XML-RPC shares call.go.
//   - arguments.go, parameter.go, dictionary.go, positional.go, suggest.go: the parameters as variables.
//   - execution.go: the time limit and the errors of the engine.
//   - answer.go: the answer. failure.go, recover.go: failures.
//   - description.go: what package openapi describes.
package rest

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/viewer"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// Prefix is the path of the old URLs.
const Prefix = "/appserver/rest/"

// Handler serves the old URLs.
type Handler struct {
	engine       *engine.Engine
	services     map[string]*Service
	description  []byte
	authenticate func(*http.Request) (*viewer.Viewer, error)
	challenge    func(http.Header)
	log          *slog.Logger
	pageTime     time.Duration
}

// pageWriteTime is how long a client may take to read a page of a list after the first, as long as the server allows for a
// whole answer.
const pageWriteTime = 10 * time.Minute

// Options configures a handler.
type Options struct {
	Engine       *engine.Engine
	Authenticate func(*http.Request) (*viewer.Viewer, error)
	Challenge    func(http.Header)
	Log          *slog.Logger
	// Describe writes the description that is served at DescriptionName; nil means that none is served.
	Describe func([]*Service, *ast.Schema) ([]byte, error)
	// PageTime is the time limit of each page of a list after the first, which has the request's; 0 means that the request's
	// time limits all pages together.
	PageTime time.Duration
}

// New returns a handler. It fails if an operation does not fit the schema.
func New(o Options) (*Handler, error) {
	services, err := load(o.Engine)
	if err != nil {
		return nil, err
	}
	var description []byte
	if o.Describe != nil {
		if description, err = o.Describe(services, o.Engine.Schema()); err != nil {
			return nil, err
		}
	}
	h := &Handler{
		engine: o.Engine, services: make(map[string]*Service, len(services)), description: description,
		authenticate: o.Authenticate, challenge: o.Challenge, log: o.Log, pageTime: o.PageTime,
	}
	for _, s := range services {
		h.services[s.Name] = s
	}
	return h, nil
}

// Operations returns the names of the methods in the metrics.
func (h *Handler) Operations() []string {
	var names []string
	for _, s := range h.services {
		for name := range s.byName {
			names = append(names, s.Name+"."+name)
		}
	}
	return names
}

// Method returns a method, nil if it does not exist.
func (h *Handler) Method(service, name string) *Method {
	if s := h.services[service]; s != nil {
		return s.byName[name]
	}
	return nil
}

// OpenAPI returns the description of the old URLs, as JSON.
func (h *Handler) OpenAPI() []byte { return h.description }

// ServeHTTP answers one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.writeError(w, r, notAllowed(r.Method))
		return
	}
	path := strings.TrimPrefix(r.URL.Path, Prefix)
	if path == DescriptionName && h.description != nil {
		h.describe(w, r)
		return
	}
	service, name, _ := strings.Cut(strings.TrimSuffix(path, "/"), "/")
	h.Call(w, r, service, name, urlTransport{h})
}

// rejectForgery rejects a call from a page of another site. The old URLs make changes by GET, so the operation decides, not the
// HTTP method. The engine would reject it too, but only after the arguments were read.
func rejectForgery(r *http.Request, m *Method) error {
	if m.Mutation() {
		return csrf.Change(r.Context())
	}
	return csrf.OtherSite(r.Context(), false)
}

// runner returns a function that executes the operation of a method with the engine. The first page decides whether the
// caller may have the answer, and its headers are sent.
func (h *Handler) runner(ctx context.Context, w http.ResponseWriter, r *http.Request, m *Method) run {
	started := false
	return func(vars map[string]any) ([]byte, error) {
		ctx, end := ctx, context.CancelFunc(func() {})
		if started {
			ctx, end = h.nextPageContext(ctx)
			// It fails only if the connection has no deadlines.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(pageWriteTime))
		}
		defer end()
		answer := h.engine.Run(ctx, &engine.Request{
			Key:       r.Header.Get("Idempotency-Key"),
			Continues: started,
			RawParams: graphql.RawParams{
				Query: m.query, OperationName: m.Name, Variables: vars, Headers: r.Header,
			},
		})
		observe.NoteCost(ctx, answer.Cost)
		if !started {
			answer.Header(w.Header())
		}
		started = true
		if len(answer.Errors) > 0 {
			return nil, m.toFault(ctx, answer.Errors[0])
		}
		return answer.Data, cmp.Or(m.checkDeadline(ctx), answer.Copy())
	}
}
