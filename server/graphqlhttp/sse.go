package graphqlhttp

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"cloudapi/internal/viewer"
	"cloudapi/server/compression"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

const (
	transportSSE = "sse"
	typeEvents   = "text/event-stream"
)

// acceptsEvents reports whether a request accepts a stream of events.
func acceptsEvents(r *http.Request) bool {
	return slices.ContainsFunc(parseAccept(strings.Join(r.Header.Values("Accept"), ",")), func(m mediaRange) bool {
		return m.media == typeEvents && m.q > 0
	})
}

// MayStream reports whether a request may become a stream, which has no time limit.
func MayStream(r *http.Request) bool { return webSocket(r) || acceptsEvents(r) }

func headerHas(h http.Header, name, value string) bool {
	for _, line := range h.Values(name) {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), value) {
				return true
			}
		}
	}
	return false
}

// serveEvents answers a subscription with a stream of events: the distinct connections mode of graphql-sse. The id of an event is
// its cursor, so that Last-Event-ID resumes after it.
func (h *Handler) serveEvents(w http.ResponseWriter, r *http.Request, req *request, eventsOnly bool) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	signal := make(chan struct{}, 1)
	out := &outbox{maxBytes: h.Streams.Limits.Queue, start: func() { signal <- struct{}{} }}
	ended := make(chan ending, 1)
	c := &stream{transport: transportSSE, end: func(e ending) {
		select {
		case ended <- e:
		default:
		}
	}}
	op, refused := h.Engine.Subscribe(ctx, &req.Request)
	if op == nil {
		h.answer(w, r, typeGraphQL, eventsOnly, refused)
		return
	}
	err := h.Streams.add(c)
	if err == nil {
		defer h.Streams.remove(c)
		err = h.Streams.identify(ctx, c, viewer.FromContext(ctx))
	}
	release := func() {}
	if err == nil {
		release, err = h.Streams.acquireSubscription(viewer.FromContext(ctx))
	}
	if err != nil {
		h.send(w, r, typeGraphQL, h.Engine.Refuse(ctx, err))
		return
	}
	defer release()
	h.Documents.Put(req.document())
	to := &sink{out: out, ended: func() {}}
	subscriber, errs := h.Streams.Hub.Subscribe(ctx, op, r.Header.Get("Last-Event-ID"), to)
	if subscriber == nil {
		h.answer(w, r, typeGraphQL, eventsOnly, h.Engine.Refuse(ctx, errs[0]))
		return
	}
	defer subscriber.Cancel()
	observe.Note(r.Context(), "", op.Operation().Name)
	compression.Allow(w.Header())
	e := &eventWriter{w: w, control: http.NewResponseController(w), time: h.Streams.Limits.WriteTime}
	e.begin()
	h.sendLoop(ctx, e, out, signal, ended, func(over ending) {
		if over.fault == nil {
			return // without complete, so that the client reconnects
		}
		f := *over.fault
		if cursor := subscriber.Cursor(); cursor != "" {
			f.Details = map[string]any{"cursor": cursor}
		}
		e.send(&frame{kind: "error", body: encode(h.Engine.Present(ctx, &f))})
	})
	if errors.Is(e.err, os.ErrDeadlineExceeded) {
		h.Streams.Ended(observe.CutSlow)
	}
}

// sendLoop sends the messages of the outbox until the stream ends.
func (h *Handler) sendLoop(ctx context.Context, e *eventWriter, out *outbox, signal chan struct{}, ended chan ending, end func(ending)) {
	alive := time.NewTicker(h.Streams.Limits.PingTime)
	defer alive.Stop()
	defer out.close()
	for e.err == nil && !e.complete {
		select {
		case <-ctx.Done():
			return
		case reason := <-ended:
			end(reason)
			return
		case <-alive.C:
			e.write(":\n\n")
			e.flush()
		case <-signal:
			for f := out.take(); f != nil && e.err == nil; f = out.take() {
				e.send(f)
			}
			e.flush()
		}
	}
}

// eventWriter writes events.
type eventWriter struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	time     time.Duration
	complete bool
	err      error
	// batches is true if queued events are sent together. Compressed events are sent one by one, so that the length of
	// one does not depend on the content of another.
	batches bool
}

// begin sends the headers, which tell proxies not to buffer.
func (e *eventWriter) begin() {
	h := e.w.Header()
	h.Set("Content-Type", typeEvents+"; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	// The read timeout is for the request, not for the stream.
	_ = e.control.SetReadDeadline(time.Time{})
	e.w.WriteHeader(http.StatusOK)
	e.write(":\n\n")
	e.flush()
	e.batches = h.Get("Content-Encoding") == ""
}

// send sends a frame. Errors are sent as an answer without data, followed by complete.
func (e *eventWriter) send(f *frame) {
	switch f.kind {
	case "next":
		id := ""
		if f.cursor != "" {
			id = "id: " + f.cursor + "\n"
		}
		e.write("event: next\n" + id + "data: " + string(f.body) + "\n\n")
		return
	case "error":
		e.write("event: next\ndata: {\"errors\":" + string(f.body) + "}\n\n")
	}
	e.write("event: complete\ndata:\n\n")
	e.complete = true
}

func (e *eventWriter) write(text string) {
	if e.err != nil {
		return
	}
	// It fails only for a writer without deadlines.
	_ = e.control.SetWriteDeadline(time.Now().Add(e.time))
	if _, e.err = e.w.Write([]byte(text)); e.err == nil && !e.batches {
		e.flush()
	}
}

// flush sends what was written.
func (e *eventWriter) flush() {
	if e.err == nil {
		e.err = e.control.Flush()
	}
}

// sendEvents sends an answer as the only event of a stream.
func (h *Handler) sendEvents(w http.ResponseWriter, answer engine.Answer) {
	if compressible(answer) {
		compression.Allow(w.Header())
	}
	head, tail := envelope(answer)
	e := &eventWriter{w: w, control: http.NewResponseController(w), time: h.Streams.Limits.WriteTime}
	e.begin()
	e.send(&frame{kind: "next", body: append(append(head, answer.Data...), tail...)})
	e.send(&frame{kind: "complete"})
	e.flush()
}
