// Package rest serves the old URLs, /appserver/rest/<service>/<method>
// (CONTRACT.md). It knows no method by name: each is a GraphQL operation in
// operations/<service>.graphql, whose name is the method's and whose variables
// are the old parameters. What it understands of an operation:
//
//   - The field aliased `result` is the result. Below a list it becomes the
//     array of its values. The field aliased `results` is put into an array of
//     one. A mutation without either answers true.
//   - The field aliased `jobguid` is the guid of the job; a query has none.
//   - The variable `$after` marks a connection to follow to its end: the
//     operation is repeated until there is no next page, and one array of all
//     of them goes out, a page in memory at a time.
//   - Within a result a connection is the array of its nodes.
//   - `jobguid` and `executionparams` are taken by every method. Where the
//     operation does not declare them, the time limit and the message in the
//     latter are honoured all the same.
package rest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// Prefix is where the old URLs begin.
const Prefix = "/appserver/rest/"

// Handler serves the old URLs.
type Handler struct {
	engine       *engine.Engine
	services     Services
	authenticate func(*http.Request) (*viewer.Viewer, error)
	challenge    func(http.Header)
	log          *slog.Logger
}

// Options say what a handler stands on.
type Options struct {
	Engine       *engine.Engine
	Authenticate func(*http.Request) (*viewer.Viewer, error)
	Challenge    func(http.Header)
	Log          *slog.Logger
}

// New returns a handler. It fails when an operation does not fit the schema.
func New(o Options) (*Handler, error) {
	services, err := load(o.Engine)
	if err != nil {
		return nil, err
	}
	return &Handler{
		engine: o.Engine, services: services,
		authenticate: o.Authenticate, challenge: o.Challenge, log: o.Log,
	}, nil
}

// Services are the methods that are served.
func (h *Handler) Services() Services { return h.services }

// ServeHTTP answers one call. Service and method are checked first, then the
// credentials, then the arguments (CONTRACT.md, 1).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.fail(w, r, failure{status: http.StatusMethodNotAllowed, code: codeInvalid, message: "Method Not Allowed",
			exception: "The method " + clip(r.Method) + " is not allowed; use GET or POST"})
		return
	}
	service, name, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, Prefix), "/"), "/")
	methods, ok := h.services[service]
	if !ok {
		h.fail(w, r, noService(service))
		return
	}
	m, ok := methods[name]
	if !ok {
		h.fail(w, r, noMethod(service, name))
		return
	}
	observe.Note(r.Context(), "", service+"."+name)
	v, err := h.authenticate(r)
	if err == nil && v == nil {
		err = fault.New(fault.Unauthenticated, "Authentication failed")
	}
	if err == nil && foreign(r) {
		err = fault.New(fault.Forbidden, "Authorization failed")
	}
	if err != nil {
		h.refuse(w, r, m, err)
		return
	}
	observe.Note(r.Context(), v.Login, "")
	h.call(w, r.WithContext(viewer.NewContext(r.Context(), v)), m)
}

// foreign reports whether a browser sends the call on behalf of another site.
// The old URLs change things by GET, so the method says nothing.
func foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	case "":
		origin := r.Header.Get("Origin")
		return origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host
	}
	return false
}

func (h *Handler) call(w http.ResponseWriter, r *http.Request, m *Method) {
	given, err := read(r)
	if err != nil {
		h.refuse(w, r, m, err)
		return
	}
	vars, err := m.variables(given)
	if err != nil {
		h.refuse(w, r, m, err)
		return
	}
	ctx, cancel, told, err := m.execution(r.Context(), vars)
	if err != nil {
		h.refuse(w, r, m, err)
		return
	}
	defer cancel()
	r = r.WithContext(ctx)
	run := func(vars map[string]any) (json.RawMessage, error) {
		request := &engine.Request{Key: r.Header.Get("Idempotency-Key")}
		request.Query, request.OperationName, request.Variables, request.Headers = m.query, m.Name, vars, r.Header
		answer := h.engine.Run(ctx, request)
		if len(answer.Errors) > 0 {
			return nil, told(failed(ctx, answer))
		}
		return answer.Data, nil
	}
	out := &writer{ResponseWriter: w}
	if err := m.answer(out, vars, run); err != nil {
		if out.begun {
			// The client must not take half an answer for a whole one.
			panic(http.ErrAbortHandler)
		}
		h.refuse(w, r, m, err)
	}
}

// failed is the fault in an answer with errors.
func failed(ctx context.Context, answer engine.Answer) error {
	if late := context.Cause(ctx); late != nil && fault.Is(late, fault.Timeout) {
		return late
	}
	first := answer.Errors[0]
	if first.Err != nil {
		return first.Err
	}
	return fault.New(fault.Invalid, "%s", first.Message)
}

// execution takes the execution parameters of a method whose operation does not
// declare them: it only reads, so that there is no job.
func (m *Method) execution(ctx context.Context, vars map[string]any) (context.Context, context.CancelFunc, func(error) error, error) {
	same := func(err error) error { return err }
	p := m.parameter(paramsName)
	if !p.implicit {
		return ctx, func() {}, same, nil
	}
	params, _ := vars[paramsName].(map[string]any)
	delete(vars, paramsName)
	delete(vars, jobAlias)
	if own, ok := params["userErrormsg"].(string); ok {
		same = func(err error) error {
			told := *fault.As(err)
			told.Message, told.Field = own, ""
			return &told
		}
	}
	n, ok := params["maxduration"].(json.Number)
	if !ok {
		return ctx, func() {}, same, nil
	}
	seconds, err := n.Float64()
	if err != nil || seconds <= 0 || seconds > (24*time.Hour).Seconds() {
		return nil, nil, nil, refuse("executionparams.maxduration must be more than 0 and at most 86400 seconds")
	}
	late := fault.New(fault.Timeout, "Given up after maxduration, %s seconds", n)
	ctx, cancel := context.WithTimeoutCause(ctx, time.Duration(seconds*float64(time.Second)), late)
	return ctx, cancel, same, nil
}
