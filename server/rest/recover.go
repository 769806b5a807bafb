package rest

import (
	"net"
	"net/http"

	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/server/observe"
)

// recoverPanic turns a panic into an old-API 500 that shows only the request id. If the answer has begun, it breaks the
// connection off, so that no client mistakes half an answer for a whole one. Call it deferred.
func (h *Handler) recoverPanic(out *writer, r *http.Request) {
	value := recover()
	if value == nil {
		return
	}
	service.LogPanic(r.Context(), h.log, value)
	failure := NewFailure(r.Context(), fault.New(fault.Internal, "panic"))
	if out.started {
		observe.NoteAborted(r.Context(), "panic")
		abort(out.ResponseWriter, r)
	}
	out.transport.Fail(out.ResponseWriter, r, failure)
}

// abort breaks an answer off, so that the client does not mistake half of it for a whole one. HTTP/1.0 has no chunks, and
// the end of the connection is the end of an answer, so the connection is reset.
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
