package rest

import (
	"errors"
	"net/http"
	"runtime/debug"

	"cloudapi/internal/fault"
	"cloudapi/server/observe"
)

// recoverPanic is deferred: it answers a call that panicked in the form of the old
// API, with the request id and nothing of what is inside. Where an answer has
// begun the connection is broken off, so that nobody takes half of it for a
// whole one.
func (h *Handler) recoverPanic(out *writer, r *http.Request) {
	value := recover()
	if value == nil {
		return
	}
	if err, ok := value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(value)
	}
	h.log.ErrorContext(r.Context(), "panic", "value", value, "stack", string(debug.Stack()))
	observe.NoteFault(r.Context(), "", string(fault.Internal), "")
	if out.begun {
		observe.NoteAborted(r.Context(), "panic")
		panic(http.ErrAbortHandler)
	}
	internal := fault.New(fault.Internal, "panic")
	h.writeError(out.ResponseWriter, r, failureOf(internal, "", observe.RequestID(r.Context())))
}
