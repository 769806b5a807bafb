package budget

import (
	"context"
	"io"
	"sync"
)

// Callers counts the memory of each caller's concurrent operations. It has an entry only for callers with a current request.
// It is safe for concurrent use.
type Callers struct {
	limits Limits

	mu      sync.Mutex
	callers map[string]*caller
}

// caller is the memory of one caller.
type caller struct {
	held     int64
	requests int
}

// NewCallers returns an empty count.
func NewCallers(l Limits) *Callers {
	return &Callers{limits: l.OrDefault(), callers: map[string]*caller{}}
}

// Share is the memory of one request until Leave. A nil *Share bounds nothing.
type Share struct {
	of     *Callers
	name   string
	caller *caller
	held   int64 // guarded by the lock of Callers

	current *Budget
}

// request is the minimum memory of a request: its goroutines, buffers and headers.
const request = 32 << 10

// Enter begins a request of a caller. It fails if the caller's requests already use too much memory.
func (c *Callers) Enter(name string) (*Share, error) {
	s := &Share{of: c, name: name}
	c.mu.Lock()
	s.caller = c.callers[name]
	if s.caller == nil {
		s.caller = &caller{}
		c.callers[name] = s.caller
	}
	s.caller.requests++
	c.mu.Unlock()
	if !s.take(request) {
		s.Leave()
		return nil, c.limits.tooMuchHeld(request)
	}
	return s, nil
}

// Leave ends a request and returns all of its memory.
func (s *Share) Leave() {
	if s == nil {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.caller.held -= s.held
	s.held = 0
	if s.caller.requests--; s.caller.requests == 0 {
		delete(s.of.callers, s.name)
	}
}

// Start gives the next operation of a request its budget. It releases the memory of the previous one: a request runs one
// operation at a time.
func (s *Share) Start(ctx context.Context, limits Limits) (context.Context, *Budget) {
	ctx, b := Start(ctx, limits, s)
	if s != nil {
		s.current.Release()
		s.current = b
	}
	return ctx, b
}

func (s *Share) take(n int64) bool {
	if s == nil {
		return true
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.caller.held+n > int64(s.of.limits.Held) {
		return false
	}
	s.caller.held += n
	s.held += n
	return true
}

func (s *Share) give(n int64) {
	if s == nil {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.caller.held -= n
	s.held -= n
}

// Reader counts a body while it is read, together with what it is decoded to.
func (s *Share) Reader(body io.ReadCloser) io.ReadCloser {
	if s == nil || body == nil {
		return body
	}
	return &reader{body, s}
}

type reader struct {
	io.ReadCloser
	share *Share
}

// Read reads, and counts the text, a copy of it, and its decoded form.
func (r *reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if n > 0 && !r.share.take(decoded(p[:n])) {
		return n, r.share.of.limits.tooMuchHeld(0)
	}
	return n, err
}

// The maximum memory of a JSON value, list and object after decoding and coercion, in bytes.
const (
	ofValue  = 40
	ofList   = 64
	ofObject = 128
)

// decoded returns the memory of a text and its decoded form.
func decoded(text []byte) int64 {
	n := 3 * int64(len(text))
	for _, c := range text {
		switch c {
		case ',':
			n += ofValue
		case '[':
			n += ofList
		case '{':
			n += ofObject
		}
	}
	return n
}

// Callers returns the number of callers with requests, for tests.
func (c *Callers) Callers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.callers)
}
