package rest

import (
	"cmp"
	"io"
	"net/http"

	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/observe"
)

// Transport is a transport of the old API: this package's URLs, or XML-RPC.
type Transport interface {
	// Arguments reads the arguments of a call of m, as variables of its operation.
	Arguments(r *http.Request, m *Method) (map[string]any, error)
	// Begin starts an answer. The answer is written to its result as the JSON of the old URLs, one page at a time.
	Begin(w http.ResponseWriter) io.Writer
	// Fail writes a failure.
	Fail(w http.ResponseWriter, r *http.Request, f Failure)
}

// Call answers one call. It checks the service and the method first, then the credentials, then the arguments (CONTRACT.md,
// 1). When Call returns, the answer or a failure is written. If an answer that has begun fails, Call panics with
// http.ErrAbortHandler.
func (h *Handler) Call(w http.ResponseWriter, r *http.Request, service, name string, t Transport) {
	out := &writer{ResponseWriter: w, transport: t}
	defer h.recoverPanic(out, r)
	s, ok := h.services[service]
	if !ok {
		t.Fail(w, r, noService(service))
		return
	}
	m, ok := s.byName[name]
	if !ok {
		t.Fail(w, r, NoMethod(service, name))
		return
	}
	observe.Note(r.Context(), "", service+"."+name)
	observe.NoteRoot(r.Context(), service+"."+name)
	if err := h.call(out, r, m); err != nil {
		out.writeFault(r, m, err)
	}
}

// call checks the caller and the arguments of a call, executes the method and writes its answer. On failure it returns the
// error, which is not yet written.
func (h *Handler) call(out *writer, r *http.Request, m *Method) error {
	v, err := h.authenticate(r)
	if err != nil {
		return err
	}
	if v == nil {
		return fault.AuthenticationFailed()
	}
	observe.Note(r.Context(), v.Login, "")
	if err := rejectForgery(r, m); err != nil {
		return err
	}
	r, leave, err := h.engine.Enter(r.WithContext(viewer.NewContext(r.Context(), v)))
	if err != nil {
		return err
	}
	defer leave()
	vars, err := out.transport.Arguments(r, m)
	out.userMessage = userErrorMessage(vars)
	if err != nil {
		return err
	}
	ctx, end, err := m.withTimeLimit(r.Context(), vars)
	if err != nil {
		return err
	}
	defer end()
	out.executed, out.query = true, !m.Mutation()
	return m.answer(out, m.operationVariables(vars), h.runner(ctx, out.ResponseWriter, r, m))
}

// urlTransport is the transport of the old URLs.
type urlTransport struct{ *Handler }

// Arguments reads the query string and the form.
func (urlTransport) Arguments(r *http.Request, m *Method) (map[string]any, error) {
	given, err := m.readArguments(r)
	vars, invalid := m.variables(given)
	return vars, cmp.Or(err, invalid)
}

// Begin sets the headers of an answer.
func (urlTransport) Begin(w http.ResponseWriter) io.Writer {
	setHeaders(w.Header())
	w.WriteHeader(http.StatusOK)
	return w
}

// Fail writes a failure as JSON, with a challenge if credentials are missing.
func (u urlTransport) Fail(w http.ResponseWriter, r *http.Request, f Failure) {
	if f.code == codeUnauthenticated {
		u.challenge(w.Header())
	}
	u.writeError(w, r, f)
}
