package rest

import (
	"errors"
	"net"
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
		abort(out.ResponseWriter, r)
	}
	internal := fault.New(fault.Internal, "panic")
	out.transport.Fail(out.ResponseWriter, r, failureOf(internal, "", observe.RequestID(r.Context())))
}

// abort breaks an answer off, so that the client does not take half of it for a
// whole one. HTTP/1.0 has no chunks, and the end of a connection is the end of an
// answer: it is reset.
func abort(w http.ResponseWriter, r *http.Request) {
	if !r.ProtoAtLeast(1, 1) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			raw := c
			if secure, ok := c.(interface{ NetConn() net.Conn }); ok {
				raw = secure.NetConn()
			}
			if tcp, ok := raw.(interface{ SetLinger(int) error }); ok {
				_ = tcp.SetLinger(0)
			}
			_ = raw.Close()
		}
	}
	panic(http.ErrAbortHandler)
}
