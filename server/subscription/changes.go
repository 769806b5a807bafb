package subscription

import (
	"context"
	"encoding/json"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/graph"
	"cloudapi/internal/event"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/observe"
)

// pageSize is how many events one read of the log returns.
const pageSize = 200

// runChanges sends the pending changes one after another until none are left.
func (t *topic) runChanges() {
	h := t.hub
	for {
		h.mu.Lock()
		switch {
		case len(t.subscribers) == 0 || h.closed:
			t.ended()
			h.mu.Unlock()
			return
		case t.behind:
			// New events are added to pending from here on; earlier ones are in the log.
			t.behind, t.pending, t.reading = false, nil, true
			h.mu.Unlock()
			complete := t.catchUp()
			h.mu.Lock()
			t.reading = false
			if !complete {
				t.behind = true
				t.ended()
				h.mu.Unlock()
				return
			}
			h.mu.Unlock()
		case len(t.pending) > 0:
			e := t.pending[0]
			t.pending = t.pending[1:]
			h.mu.Unlock()
			if t.needs(e.Position) && !t.one(&e) {
				h.mu.Lock()
				t.ended()
				h.mu.Unlock()
				return
			}
		default:
			t.pending = nil
			t.join()
			t.ended()
			h.mu.Unlock()
			return
		}
	}
}

// join moves the subscribers of a topic that has caught up to the shared topic; the lock is held.
func (t *topic) join() {
	h := t.hub
	shared := h.topics[t.key]
	switch {
	case shared == nil:
		h.topics[t.key] = t
	case shared == t, shared.running, shared.behind, len(shared.pending) > 0:
		// Try again at the next change.
	default:
		for s := range t.subscribers {
			shared.take(s, t.at)
		}
		clear(t.subscribers)
		h.remove(t)
	}
}

// take adds a subscriber that has received every change up to at; the lock is held. The topic may be ahead: a topic that catches
// up reads changes that the feed has not delivered yet.
func (t *topic) take(s *Subscriber, at event.Position) {
	s.topic = t
	t.subscribers[s] = struct{}{}
	if at.Before(t.at) {
		t.at = at
	}
}

// needs reports whether a change at a position is new to some subscriber.
func (t *topic) needs(at event.Position) bool {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	for s := range t.subscribers {
		if s.from.Before(at) {
			return true
		}
	}
	return false
}

// catchUp sends the changes in the log after the topic's position.
func (t *topic) catchUp() bool {
	delay := firstRetry
	for {
		ctx, cancel := t.context()
		page, err := t.hub.feed.Read(ctx, t.at, pageSize)
		cancel()
		if err != nil {
			if !t.wait(&delay) {
				return false
			}
			continue
		}
		delay = firstRetry
		for i := range page.Events {
			e := &page.Events[i]
			if !t.about.Changes.Matches(e) || !t.needs(e.Position) {
				t.reach(e.Position)
			} else if !t.one(e) {
				return false
			}
		}
		if len(page.Events) < pageSize {
			return true
		}
	}
}

func (t *topic) reach(p event.Position) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	t.advance(p)
}

// advance notes that every change up to a position was given; the lock is held.
func (t *topic) advance(p event.Position) {
	if t.at.Before(p) {
		t.at = p
	}
}

// one sends one change to the subscribers. It retries while the database is unavailable, because no change may be skipped.
// It reports whether to continue.
func (t *topic) one(e *event.Event) bool {
	change := &event.Change{Cursor: t.hub.feed.Epoch().Cursor(e.Position), JobID: e.Job}
	if e.CustomerID != uuid.Nil {
		change.CustomerID = &e.CustomerID
	}
	delay := firstRetry
	for attempt := 0; ; attempt++ {
		response, ok := t.execute(attempt, func(ctx context.Context) *graphql.Response {
			ctx, err := t.hub.asWitness(ctx, t.viewer, e)
			if err != nil {
				return &graphql.Response{Errors: t.hub.o.Engine.Present(ctx, fault.New(fault.Unavailable, "The database is not available").Because(err))}
			}
			return t.op.Execute(graph.WithSubscribed(ctx, &graph.Subscribed{Change: change}))
		})
		if ok {
			t.hub.mu.Lock()
			defer t.hub.mu.Unlock()
			t.advance(e.Position)
			t.giveChange(response, e.Position, change.Cursor)
			return len(t.subscribers) > 0
		}
		if !t.wait(&delay) {
			return false
		}
	}
}

// giveChange sends an answer to all subscribers whose position is before it; the lock is held. A nil answer is a change that
// the viewer may not see.
func (t *topic) giveChange(r *graphql.Response, at event.Position, cursor string) {
	var a *Answer
	if r != nil {
		response := *r
		if len(response.Data) == 0 {
			response.Data = json.RawMessage("null")
			response.Extensions = map[string]any{"cursor": cursor}
		}
		a = &Answer{Body: body(&response), Cursor: cursor}
	}
	for s := range t.subscribers {
		switch {
		case !s.from.Before(at):
		case a == nil:
			s.from = at
		case !t.hub.pays(s):
		case s.sink.Next(a):
			s.from = at
			t.hub.o.Sent(t.root)
		default:
			slow := fault.New(fault.TooMany, "The subscriber is too slow: subscribe again with after set to the cursor").
				With("reason", "TOO_SLOW").With("cursor", s.cursor())
			t.hub.o.Cut(observe.CutSlow)
			s.sink.Fail(t.hub.o.Engine.Present(t.hub.ctx, slow))
			s.leave()
		}
	}
}

// asWitness returns a context that lets a viewer see the job that deleted a customer, if the viewer could see the customer.
func (h *Hub) asWitness(ctx context.Context, v *viewer.Viewer, e *event.Event) (context.Context, error) {
	if v.Role != viewer.Member || e.Action != "deleteCustomer" {
		return ctx, nil
	}
	h.mu.Lock()
	users, known := h.gone[e.Job]
	h.mu.Unlock()
	if !known {
		var err error
		if users, err = h.o.Deleted(ctx, e.Job); err != nil {
			return ctx, err
		}
		h.mu.Lock()
		if len(h.gone) > 1000 {
			clear(h.gone)
		}
		h.gone[e.Job] = users
		h.mu.Unlock()
	}
	if !users[v.ID] {
		return ctx, nil
	}
	witness := *v
	witness.Witnessed = e.Job
	return viewer.NewContext(ctx, &witness), nil
}

// alias returns the name of the only field in the answers of a topic.
func alias(t *topic) string {
	if f, ok := t.op.Operation().SelectionSet[0].(*ast.Field); ok {
		return f.Alias
	}
	return t.root
}
