// Package rest serves the old URLs, /appserver/rest/<service>/<method>
// (CONTRACT.md). It knows no method by name: each is a GraphQL operation in
// operations/<service>.graphql, whose name is the method's and whose variables
// are the old parameters. What it understands of an operation:
//
//   - The field aliased `result` is the result. Below a list it becomes the
//     array of its values. The field aliased `results` is put into an array of
//     one. A mutation without either answers true.
//   - The field aliased `jobguid` is the guid of the job, which each mutation
//     selects; a query has none, and answers null.
//   - The variable `$after` marks a connection to follow to its end: the
//     operation is repeated until there is no next page, and one array of all
//     of them goes out, a page in memory at a time. The result is in its nodes,
//     or has the connection in it, as the array of its nodes. Nothing is
//     written before the first page is there; when a later one fails, the
//     connection is broken off.
//   - `jobguid` and `executionparams` are taken by every method. Where the
//     operation does not declare them, the time limit and the message in the
//     latter are honoured all the same.
//   - A parameter is decoded by the type of its variable. Keys of a dictionary
//     that its input type does not declare go into the field `other`.
//   - The parameter that an error is about is the one that feeds the argument
//     or input field in question.
//
// Where CONTRACT.md is silent: `;` is a plain character in a query string. A
// body of another type than a form is refused with 400, an empty one is fine
// whatever its type. Files in a multipart form are refused. Names of
// parameters have their case. An OPTIONS request is 405 as well: no other
// site's scripts may call.
//
// The description of all of it (server/rest/openapi) is served beside the services, at
// /appserver/rest/openapi.json, to everybody: it says what this repository
// says.
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

// Prefix is where the old URLs begin.
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

// readingTime is how long a client may take to read a page of a list after the
// first, as long as the server gives it for a whole answer.
const readingTime = 10 * time.Minute

// Options say what a handler stands on.
type Options struct {
	Engine       *engine.Engine
	Authenticate func(*http.Request) (*viewer.Viewer, error)
	Challenge    func(http.Header)
	Log          *slog.Logger
	// Describe writes the description that is served at DescriptionName, nil for
	// none.
	Describe func([]*Service, *ast.Schema) ([]byte, error)
	// PageTime is how long each page of a list may take after the first, whose
	// time is that of the request; 0 for the request's time for all of them.
	PageTime time.Duration
}

// New returns a handler. It fails when an operation does not fit the schema.
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

// Operations are the names that requests have in the metrics.
func (h *Handler) Operations() []string {
	var names []string
	for _, s := range h.services {
		for name := range s.byName {
			names = append(names, s.Name+"."+name)
		}
	}
	return names
}

// Method returns a method, nil for none.
func (h *Handler) Method(service, name string) *Method {
	if s := h.services[service]; s != nil {
		return s.byName[name]
	}
	return nil
}

// OpenAPI is the description of the old URLs, as JSON.
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
	h.Call(w, r, service, name, urls{h})
}

// forgery refuses a call that a page of another site sent. The old URLs change
// things by GET, so the operation decides, not the HTTP method. The engine would
// refuse it too, but only after the arguments were read.
func forgery(r *http.Request, m *Method) error {
	if m.Mutation() {
		return csrf.Change(r.Context())
	}
	return csrf.OtherSite(r.Context(), false)
}

// runner executes the operation of a method with the engine that GraphQL has.
// The first page decides whether the caller may have the answer, and is what
// the headers tell of.
func (h *Handler) runner(ctx context.Context, w http.ResponseWriter, r *http.Request, m *Method) run {
	begun := false
	return func(vars map[string]any) ([]byte, error) {
		ctx, end := ctx, context.CancelFunc(func() {})
		if begun {
			ctx, end = h.nextPageContext(ctx)
			// Where the connection has no deadline nothing has to be put off.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(readingTime))
		}
		defer end()
		answer := h.engine.Run(ctx, &engine.Request{
			Key:       r.Header.Get("Idempotency-Key"),
			Continues: begun,
			RawParams: graphql.RawParams{
				Query: m.query, OperationName: m.Name, Variables: vars, Headers: r.Header,
			},
		})
		observe.NoteCost(ctx, answer.Cost)
		if !begun {
			answer.Header(w.Header())
		}
		begun = true
		if len(answer.Errors) > 0 {
			return nil, m.failed(ctx, answer.Errors[0])
		}
		return answer.Data, cmp.Or(m.late(ctx), answer.Copy())
	}
}
