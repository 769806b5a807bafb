package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cloudapi/internal/fault"
	"cloudapi/server/observe"
)

// The codes of the old API.
const (
	codeNoService       = 8000
	codeNoMethod        = 8001
	codeInvalid         = 8002
	codeUnauthenticated = 9000
	codeForbidden       = 9001
)

// Failure is the answer of a failed call (CONTRACT.md, 1).
type Failure struct {
	status    int
	code      int
	message   string
	exception string
}

// Fault returns the failure for XML-RPC (OLD-FAMILY.md, 3): the same code, and a text. For 8002 the text is the exception of
// the old URLs.
func (f Failure) Fault() (code int, text string) {
	switch f.code {
	case codeInvalid:
		return f.code, f.exception
	case codeForbidden:
		return f.code, "Authorization failed"
	}
	return f.code, f.message
}

// NewFailure returns the failure of a request that was rejected before its method was called.
func NewFailure(ctx context.Context, err error) Failure {
	f := fault.As(err)
	noteFault(ctx, f)
	return failureOf(f, f.Message, observe.RequestID(ctx))
}

func noteFault(ctx context.Context, f *fault.Fault) {
	limit, _ := f.Details["limit"].(string)
	observe.NoteFault(ctx, "", string(f.Code), limit)
}

func noService(name string) Failure {
	return Failure{http.StatusNotFound, codeNoService, "Service not found",
		fmt.Sprintf("No service called %s registered on this server", quote(name))}
}

// NoMethod returns the failure for a method that a service does not have.
func NoMethod(service, name string) Failure {
	return Failure{http.StatusNotFound, codeNoMethod, "Method not found",
		fmt.Sprintf("Service %s exposes no method %s", service, quote(name))}
}

func notAllowed(verb string) Failure {
	return Failure{http.StatusMethodNotAllowed, codeInvalid, http.StatusText(http.StatusMethodNotAllowed),
		"The HTTP method " + truncate(verb) + " is not allowed; use GET or POST"}
}

// failureOf is the only table from faults to failures. The client sees text, unless the fault is the server's own.
func failureOf(f *fault.Fault, text, requestID string) Failure {
	out := Failure{f.Code.Status(), codeInvalid, http.StatusText(f.Code.Status()), text}
	switch f.Code {
	case fault.Unauthenticated:
		out.code, out.message = codeUnauthenticated, "Authentication required"
	case fault.Forbidden:
		out.code, out.message = codeForbidden, "Authorization Failed"
	case fault.Invalid:
		out.message = "Invalid request"
	case fault.NotFound:
		out.message = "Not found"
	case fault.Conflict:
		out.message = "Conflict"
	case fault.KeyReused, fault.TooLarge, fault.TooMany, fault.Timeout:
		// The status text suffices.
	case fault.Internal, fault.Unavailable:
		out.message = fault.InternalMessage
		out.exception = fault.InternalMessage + " (request " + requestID + ")"
	}
	return out
}

// message returns the message of a fault, with the old parameter in place of the input field that it provided. Messages
// that are whole sentences stay unchanged: old clients compare some of them literally.
func (m *Method) message(f *fault.Fault) string {
	all := make([]string, 0, 1+len(f.More))
	for _, each := range f.Each() {
		all = append(all, m.messageOf(each))
	}
	return strings.Join(all, "; ")
}

func (m *Method) messageOf(f *fault.Fault) string {
	name, ok := m.shape.parameterByField[f.Field]
	if !ok {
		name = f.Field
	}
	first, _ := utf8.DecodeRuneInString(f.Message)
	if name == "" || unicode.IsUpper(first) {
		return f.Message
	}
	rest, ok := strings.CutPrefix(f.Message, f.Field+" ")
	if !ok {
		rest, ok = strings.CutPrefix(f.Message, "text ")
	}
	switch {
	case ok:
		return name + " " + rest
	case strings.Contains(f.Message, name):
		return f.Message
	}
	return name + ": " + f.Message
}

// Refuse answers a request that was rejected because of its headers.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Fault) {
	noteFault(r.Context(), f)
	h.writeError(w, r, Failure{status, codeInvalid, http.StatusText(status), f.Message})
}

// writeFault answers a call that failed, with the caller's own message if it gave one (CONTRACT.md, 4).
func (w *writer) writeFault(r *http.Request, m *Method, err error) {
	f := fault.As(err)
	if w.started {
		// The client must not mistake half an answer for a whole one.
		observe.NoteAborted(r.Context(), string(f.Code)+": "+f.Message)
		abort(w.ResponseWriter, r)
	}
	if !w.executed {
		noteFault(r.Context(), f)
	}
	if seconds := f.RetrySeconds(); seconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	out := failureOf(f, m.message(f), observe.RequestID(r.Context()))
	if w.userMessage != "" {
		out.exception = w.userMessage
	}
	w.transport.Fail(w.ResponseWriter, r, out)
}

func (h *Handler) writeError(w http.ResponseWriter, r *http.Request, f Failure) {
	setHeaders(w.Header())
	w.WriteHeader(f.status)
	// Texts and numbers can always be encoded.
	text, _ := json.Marshal(f)
	if _, err := w.Write(text); err != nil {
		h.log.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}
