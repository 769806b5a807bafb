package rest

import (
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
	v, err := h.authenticate(r)
	if err == nil && v == nil {
		err = fault.New(fault.Unauthenticated, "Authentication failed")
	}
	if err == nil {
		observe.Note(r.Context(), v.Login, "")
		err = forgery(r, m)
	}
	if err != nil {
		out.writeRefusal(r, m, err)
		return
	}
	r, leave, err := h.engine.Enter(r.WithContext(viewer.NewContext(r.Context(), v)))
	if err != nil {
		out.writeRefusal(r, m, err)
		return
	}
	defer leave()
	h.run(out, r, m)
}

// run executes a method for a caller who may call it.
func (h *Handler) run(out *writer, r *http.Request, m *Method) {
	vars, err := out.transport.Arguments(r, m)
	if err != nil {
		out.writeRefusal(r, m, err)
		return
	}
	ctx, end, err := m.begin(r.Context(), vars)
	if err != nil {
		out.writeRefusal(r, m, err)
		return
	}
	defer end()
	own := ownWords(vars)
	out.query = !m.Mutation()
	if err := m.answer(out, m.passed(vars), h.runner(ctx, out.ResponseWriter, r, m)); err != nil {
		if out.begun {
			// The client must not mistake half an answer for a whole one.
			f := fault.As(err)
			observe.NoteAborted(r.Context(), string(f.Code)+": "+f.Message)
			abort(out.ResponseWriter, r)
		}
		out.writeFault(r, m, err, own)
	}
}

// urls is the transport of the old URLs.
type urls struct{ *Handler }

// Arguments reads the query string and the form.
func (urls) Arguments(r *http.Request, m *Method) (map[string]any, error) {
	given, err := m.read(r)
	if err != nil {
		return nil, err
	}
	return m.variables(given)
}

// Begin sets the headers of an answer.
func (urls) Begin(w http.ResponseWriter) io.Writer {
	headers(w.Header())
	w.WriteHeader(http.StatusOK)
	return w
}

// Fail writes a failure as JSON, with a challenge if credentials are missing.
func (u urls) Fail(w http.ResponseWriter, r *http.Request, f Failure) {
	if f.code == codeUnauthenticated {
		u.challenge(w.Header())
	}
	u.writeError(w, r, f)
}
