// Package subscription answers GraphQL subscriptions. It groups subscribers with the same operation and the same rights in a
// topic, executes the operation once for each event that concerns the topic, and sends the answer to all of them.
//
// A topic of one object (a customer, a job) is executed again after events that may have changed the object, and sends an
// answer if it differs from the last one. A topic of changes is executed for every change in order. It skips none: a
// subscriber that is too slow is disconnected with the cursor from which it can resume.
package subscription

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/internal/event"
	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/engine"
)

// Sink receives the answers for one subscriber. Its methods do not block.
type Sink interface {
	// Next accepts an answer and reports whether there was space for it.
	Next(a *Answer) bool
	// Newest accepts an answer that may replace one that is not yet sent.
	Newest(a *Answer)
	// Fail ends the subscription with errors.
	Fail(errs gqlerror.List)
	// Complete ends the subscription.
	Complete()
}

// Answer is an answer for one or more subscribers.
type Answer struct {
	// Body is the answer as JSON.
	Body []byte
	// Cursor is the position of the answer, "" for none.
	Cursor string
}

// Options configures a hub.
type Options struct {
	Engine *engine.Engine
	// Log reads positions.
	Log *event.Log
	// Time bounds one execution.
	Time time.Duration
	// Parallel is the maximum number of concurrent executions, 16.
	Parallel int
	// Deleted returns the users who could see a deleted customer.
	Deleted func(ctx context.Context, job uuid.UUID) (map[uuid.UUID]bool, error)
	// Rights is called after a change that may have changed the rights of users.
	Rights func()
	Logger *slog.Logger
	// Sent is called for each answer sent, Executed for each execution; both may be nil.
	Sent, Executed func(root string)
	// Ended is called with the reason for each subscription that the hub ends; it may be nil.
	Ended func(reason string)
}

// Hub answers subscriptions. It is safe for concurrent use.
type Hub struct {
	o     Options
	feed  *event.Feed
	slots chan struct{}
	work  sync.WaitGroup

	mu             sync.Mutex
	ctx            context.Context // ends with the hub
	stop           context.CancelFunc
	closed         bool
	topics         map[string]*topic // by key: the topics that new subscribers join
	catchingUp     map[string]*topic // by key: the topics that read the changes that their subscribers have missed
	customers      map[uuid.UUID]map[*topic]struct{}
	jobs           map[uuid.UUID]map[*topic]struct{}
	changes        map[*topic]struct{}
	delivered      event.Position                   // of the last event that the feed delivered
	deletedViewers map[uuid.UUID]map[uuid.UUID]bool // by job: the users who could see the deleted object
}

// New returns a hub. Call SetFeed before its first use.
func New(o Options) *Hub {
	if o.Parallel <= 0 {
		o.Parallel = 16
	}
	for _, f := range []*func(string){&o.Sent, &o.Executed, &o.Ended} {
		if *f == nil {
			*f = func(string) {}
		}
	}
	h := &Hub{
		o: o, slots: make(chan struct{}, o.Parallel), topics: map[string]*topic{}, catchingUp: map[string]*topic{},
		customers: map[uuid.UUID]map[*topic]struct{}{}, jobs: map[uuid.UUID]map[*topic]struct{}{},
		changes: map[*topic]struct{}{}, deletedViewers: map[uuid.UUID]map[uuid.UUID]bool{},
	}
	h.ctx, h.stop = context.WithCancel(context.Background())
	return h
}

// SetFeed sets the feed that delivers events to the hub.
func (h *Hub) SetFeed(f *event.Feed) { h.feed = f }

// Close cancels all executions. The transports have already ended their subscriptions.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.stop()
	h.work.Wait()
}

// Subscriber is one subscription of one client.
type Subscriber struct {
	hub    *Hub
	topic  *topic
	sink   Sink
	viewer *viewer.Viewer
	cost   int
	// from is the position of the last change that was sent, or at first the one after which changes are sent.
	from     event.Position
	answered bool // at least one answer was sent
	ended    bool
}

// Subscribe starts a subscription of a viewer; answers go to sink. If after is not "", changes start there and not where the
// operation says.
func (h *Hub) Subscribe(ctx context.Context, op *engine.Subscription, after string, sink Sink) (*Subscriber, gqlerror.List) {
	target, errs := findTopic(ctx, op)
	if len(errs) > 0 {
		return nil, errs
	}
	if after != "" && target.Changes != nil {
		target.Changes.After = &after
	}
	v := viewer.FromContext(ctx)
	s := &Subscriber{hub: h, sink: sink, viewer: v, cost: op.Cost}
	t := newTopic(h, op, target, v)
	head, err := h.feed.Join(ctx)
	if err != nil {
		return nil, h.o.Engine.Present(ctx, err)
	}
	if err := h.enter(ctx, t, s, head); err != nil {
		h.feed.Leave()
		return nil, h.o.Engine.Present(ctx, err)
	}
	return s, nil
}

// enter determines where a subscriber starts, and adds it to a topic.
func (h *Hub) enter(ctx context.Context, t *topic, s *Subscriber, head event.Position) error {
	s.from = head
	if t.target.Job != uuid.Nil {
		status, err := h.o.Log.Status(ctx, t.target.Job)
		if err != nil {
			return err
		}
		t.last = status == "DONE" || status == "ERROR"
	}
	if c := t.target.Changes; c != nil && c.After != nil {
		at, err := h.feed.Epoch().Parse(*c.After)
		if err == nil {
			err = h.o.Log.Check(ctx, at)
		}
		if err != nil {
			return err
		}
		s.from = at
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return fault.New(fault.Unavailable, "The server is stopping")
	}
	h.start(h.joinTopic(t, s, head))
	return nil
}

// Cancel ends a subscription without calling its sink.
func (s *Subscriber) Cancel() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.removeLocked()
}

// removeLocked removes a subscriber from its topic; the lock is held.
func (s *Subscriber) removeLocked() {
	if s.ended {
		return
	}
	s.ended = true
	delete(s.topic.subscribers, s)
	if len(s.topic.subscribers) == 0 {
		s.hub.remove(s.topic)
	}
	s.hub.feed.Leave()
}

// Cursor returns the cursor from which the subscriber can resume, "" if its subscription has none.
func (s *Subscriber) Cursor() string {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.cursor()
}

func (s *Subscriber) cursor() string {
	if s.topic.target.Changes == nil {
		return ""
	}
	return s.hub.feed.Epoch().Cursor(s.from)
}

// withLock calls f with the lock held.
func (h *Hub) withLock(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// start runs a topic unless it is already running; the lock is held.
func (h *Hub) start(t *topic) {
	if t.running || h.closed {
		return
	}
	t.running = true
	h.work.Add(1)
	service.Go(h.o.Logger, "subscription", func() {
		defer h.work.Done()
		err := service.Recovered(func() error {
			t.run()
			return nil
		})
		if err != nil {
			h.o.Logger.Error("a subscription has failed", "root", t.root, "error", err)
			h.withLock(t.failPanicked)
		}
	})
}
