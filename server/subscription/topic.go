package subscription

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/graph"
	"cloudapi/internal/event"
	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// topic is one operation with the rights of one viewer, or of all administrators. The hub's lock guards its fields.
type topic struct {
	hub         *Hub
	key         string
	root        string
	op          *engine.Subscription
	target      *graph.Topic
	viewer      *viewer.Viewer
	subscribers map[*Subscriber]struct{}
	running     bool

	// For one object:
	dirty bool   // the object may have changed since it was read
	data  []byte // the last answer
	last  bool   // the job has ended: the next answer is the last one

	// For changes:
	reached     event.Position // all changes up to here were sent
	pending     []event.Event  // delivered by the feed, not yet sent
	mustCatchUp bool           // changes after reached must be read from the log
}

// maxPending is the maximum number of pending events of a topic. Further ones are read from the log.
const maxPending = 1000

func newTopic(h *Hub, op *engine.Subscription, target *graph.Topic, v *viewer.Viewer) *topic {
	rights := string(v.Role)
	if v.Role != viewer.Administrator {
		rights += v.ID.String()
	}
	root := "changes"
	key := op.Key
	switch {
	case target.Customer != uuid.Nil:
		root = "customer"
	case target.Job != uuid.Nil:
		root = "job"
	}
	return &topic{
		hub: h, key: rights + " " + key, root: root, op: op, target: target, viewer: v,
		subscribers: map[*Subscriber]struct{}{},
	}
}

// Deliver implements event.Consumer. If it panics, topics read the events they missed from the log.
func (h *Hub) Deliver(events []event.Event) {
	rights := false
	err := service.Recovered(func() error {
		rights = h.deliver(events)
		return nil
	})
	if err != nil {
		h.withLock(h.markMissed)
		panic(err)
	}
	if rights {
		h.o.Rights()
	}
}

// deliver adds events to the topics that they concern, and reports whether they may have changed the rights of users.
func (h *Hub) deliver(events []event.Event) (rights bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range events {
		e := &events[i]
		h.delivered = e.Position
		for t := range h.changes {
			t.deliver(e)
		}
		for t := range h.jobs[e.Job] {
			t.last = t.last || e.Ended()
			t.changed()
		}
		if !e.Done() {
			continue
		}
		if e.CustomerID == uuid.Nil {
			rights = rights || changesRights(e.Action)
			continue
		}
		for t := range h.customers[e.CustomerID] {
			t.changed()
		}
	}
	if rights {
		h.rightsChanged()
	}
	return rights
}

// markMissed makes every topic read the events that it may have missed from the log; the lock is held.
func (h *Hub) markMissed() {
	for t := range h.changes {
		t.mustCatchUp = true
		h.start(t)
	}
	h.rightsChanged()
}

// changesRights reports whether an action may change the rights of users. Unknown actions may.
func changesRights(action string) bool {
	switch action {
	case "createCloudUser", "createAccessToken", "createPortalAccount", "setPortalAccountPassword",
		"deletePortalAccount", "createCloudUserGroup":
		return false
	}
	return true
}

// rightsChanged executes the topics of all customers again: groups and users are part of their answers, and determine who
// may see a customer.
func (h *Hub) rightsChanged() {
	for _, topics := range h.customers {
		for t := range topics {
			t.changed()
		}
	}
	for _, topics := range h.jobs {
		for t := range topics {
			t.changed()
		}
	}
}

// Restored implements event.Consumer.
func (h *Hub) Restored(event.Epoch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.delivered = event.Position{}
	over := fault.New(fault.Invalid, "The database has gone back in its history: read the present state and subscribe anew").
		With("reason", "RESTORED")
	for t := range h.changes {
		for range t.subscribers {
			h.o.Ended(observe.CutRestored)
		}
		t.failAll(h.o.Engine.Present(h.ctx, over))
	}
	h.rightsChanged()
}

func (t *topic) changed() {
	t.dirty = true
	t.hub.start(t)
}

func (t *topic) deliver(e *event.Event) {
	switch {
	case !t.target.Changes.Matches(e):
		return
	case len(t.pending) >= maxPending:
		t.mustCatchUp = true
		return
	}
	t.pending = append(t.pending, *e)
	t.hub.start(t)
}

// run works until nothing is left to do.
func (t *topic) run() {
	if t.target.Changes != nil {
		t.runChanges()
		return
	}
	t.runObject()
}

// context returns the context for one execution.
func (t *topic) context() (context.Context, context.CancelFunc) {
	ctx := viewer.NewContext(t.hub.ctx, t.viewer)
	return context.WithTimeout(ctx, t.hub.o.Time)
}

// execute executes the operation, and reports whether to send the answer. It returns false if a temporary failure is to be
// retried.
func (t *topic) execute(attempt int, run func(context.Context) *graphql.Response) (*graphql.Response, bool) {
	select {
	case t.hub.slots <- struct{}{}:
	case <-t.hub.ctx.Done():
		return nil, false
	}
	defer func() { <-t.hub.slots }()
	ctx, cancel := t.context()
	defer cancel()
	t.hub.o.Executed(t.root)
	response := run(ctx)
	return response, !isTemporary(response, attempt)
}

// maxTimeouts is how often an execution that times out is retried.
const maxTimeouts = 5

// isTemporary reports whether an answer failed for a temporary reason.
func isTemporary(r *graphql.Response, attempt int) bool {
	if r == nil {
		return false
	}
	for _, err := range r.Errors {
		switch err.Extensions["code"] {
		case string(fault.Unavailable):
			return true
		case string(fault.Timeout), string(fault.Internal):
			return attempt < maxTimeouts
		}
	}
	return false
}

func isNull(data json.RawMessage) bool {
	return len(data) == 0 || bytes.Equal(data, []byte("null")) || bytes.HasSuffix(data, []byte(":null}"))
}

func firstCode(errs gqlerror.List) string {
	if len(errs) == 0 {
		return ""
	}
	code, _ := errs[0].Extensions["code"].(string)
	return code
}

// How long a topic waits before it retries after a failure of the database.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// wait waits before a retry, and reports whether to retry.
func (t *topic) wait(delay *time.Duration) bool {
	select {
	case <-t.hub.ctx.Done():
		return false
	case <-time.After(*delay):
	}
	*delay = min(2**delay, lastRetry)
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	return len(t.subscribers) > 0
}

// failPanicked ends all subscriptions of a topic that has panicked; the lock is held.
func (t *topic) failPanicked() {
	t.setStopped()
	t.failAll(t.hub.o.Engine.Present(t.hub.ctx, fault.New(fault.Internal, fault.InternalMessage)))
}

// setStopped marks the topic as not running; the lock is held.
func (t *topic) setStopped() { t.running = false }

// failAll ends all subscriptions with errors; the lock is held.
func (t *topic) failAll(errs gqlerror.List) {
	for s := range t.subscribers {
		s.sink.Fail(errs)
		s.removeLocked()
	}
}

// marshalResponse returns an answer as JSON.
func marshalResponse(r *graphql.Response) []byte {
	text, err := json.Marshal(r)
	if err != nil {
		return []byte(`{"errors":[{"message":"` + fault.InternalMessage + `"}],"data":null}`)
	}
	return text
}
