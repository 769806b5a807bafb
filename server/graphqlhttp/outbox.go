package graphqlhttp

import (
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/server/subscription"
)

// frame is a message to a client.
type frame struct {
	kind    string // next, error, complete, or another type of message
	id      string // of the operation
	body    []byte
	cursor  string
	sending bool // no longer in the queue
}

// outbox queues the messages to one client, in order and in bounded memory. It has no permanent goroutine: put starts one if
// it is needed, and it ends after the last message.
type outbox struct {
	maxBytes int // maximum size of the queued frames, in bytes
	start    func()

	mu      sync.Mutex
	frames  []*frame
	bytes   int
	running bool
	closed  bool
}

// put adds a frame, and reports whether there was space; a forced frame always fits.
func (o *outbox) put(f *frame, forced bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true // the client is gone
	}
	// A frame larger than the limit is accepted if the queue is empty.
	if !forced && len(o.frames) > 0 && o.bytes+len(f.body) > o.maxBytes {
		return false
	}
	o.frames = append(o.frames, f)
	o.bytes += len(f.body) + frameOverhead
	if !o.running {
		o.running = true
		o.start()
	}
	return true
}

// frameOverhead is the estimated memory of a frame in addition to its body, in bytes.
const frameOverhead = 200

// replace replaces the body of a queued frame, and reports whether it was still queued.
func (o *outbox) replace(f *frame, body []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if f == nil || f.sending {
		return false
	}
	o.bytes += len(body) - len(f.body)
	f.body = body
	return true
}

// take returns the next frame to send. After the last it returns nil, and the next put starts a new goroutine.
func (o *outbox) take() *frame {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) == 0 || o.closed {
		o.running, o.frames = false, nil
		return nil
	}
	f := o.frames[0]
	o.frames[0] = nil
	o.frames = o.frames[1:]
	o.bytes -= len(f.body) + frameOverhead
	f.sending = true
	return f
}

// close drops the queue.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.frames = true, nil
}

// sink receives the answers of one subscription.
type sink struct {
	id    string
	out   *outbox
	ended func()
	// waiting is a queued frame whose body may be replaced. Only the hub uses it, under its lock.
	waiting *frame
}

// Next implements subscription.Sink.
func (s *sink) Next(a *subscription.Answer) bool {
	return s.out.put(&frame{kind: "next", id: s.id, body: a.Body, cursor: a.Cursor}, false)
}

// Newest implements subscription.Sink.
func (s *sink) Newest(a *subscription.Answer) {
	if s.out.replace(s.waiting, a.Body) {
		return
	}
	s.waiting = &frame{kind: "next", id: s.id, body: a.Body}
	s.out.put(s.waiting, true)
}

// Fail implements subscription.Sink.
func (s *sink) Fail(errs gqlerror.List) {
	s.out.put(&frame{kind: "error", id: s.id, body: encode(errs)}, true)
	s.ended()
}

// Complete implements subscription.Sink.
func (s *sink) Complete() {
	s.out.put(&frame{kind: "complete", id: s.id}, true)
	s.ended()
}
