package subscription

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/graph"
	"cloudapi/internal/event"
	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/observe"
)

// pageSize is how many events one read of the log returns.
const pageSize = 200

// parallelChanges is how many changes of a topic are answered at once. Their order stays.
const parallelChanges = 8

// runChanges sends the pending changes one after another until none are left.
func (t *topic) runChanges() {
	for next := t.next(); next != nil; next = t.next() {
		if !next() {
			t.hub.withLock(t.setStopped)
			return
		}
	}
}

// next returns what a topic does next, nil if nothing is left to do: then the topic has ended.
func (t *topic) next() func() bool {
	h := t.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case len(t.subscribers) == 0 || h.closed:
		t.setStopped()
		return nil
	case t.mustCatchUp:
		// New events are added to pending from here on; earlier ones are in the log.
		t.mustCatchUp, t.pending = false, nil
		return func() bool {
			complete := t.catchUp()
			if !complete {
				h.withLock(func() { t.mustCatchUp = true })
			}
			return complete
		}
	case len(t.pending) > 0:
		n := min(len(t.pending), parallelChanges)
		events := t.pending[:n]
		t.pending = t.pending[n:]
		return func() bool { return t.answerEvents(events) }
	default:
		t.pending = nil
		t.mergeIntoShared()
		t.setStopped()
		return nil
	}
}

// hasSubscriberBefore reports whether a change at a position is new to some subscriber.
func (t *topic) hasSubscriberBefore(at event.Position) bool {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	for s := range t.subscribers {
		if s.from.Before(at) {
			return true
		}
	}
	return false
}

// catchUp sends the changes in the log after the topic's position, until the end of the log or until it must begin again.
func (t *topic) catchUp() bool {
	delay := firstRetry
	for {
		from, again := t.position()
		if again {
			return true
		}
		ctx, cancel := t.context()
		page, err := t.hub.feed.Read(ctx, from, pageSize)
		cancel()
		if err != nil {
			if !t.wait(&delay) {
				return false
			}
			continue
		}
		delay = firstRetry
		for events := range slices.Chunk(page.Events, parallelChanges) {
			if !t.answerEvents(events) {
				return false
			}
		}
		if len(page.Events) < pageSize {
			return true
		}
	}
}

// position returns the topic's position, and whether the log must be read anew.
func (t *topic) position() (at event.Position, again bool) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	return t.reached, t.mustCatchUp
}

// answerEvents answers events at the same time, and sends the answers in their order. It stops when the topic must read the log
// anew, and reports whether to continue.
func (t *topic) answerEvents(events []event.Event) bool {
	answers := make([]*graphql.Response, len(events))
	answered := make([]bool, len(events))
	var work sync.WaitGroup
	for i := range events {
		e := &events[i]
		if !t.target.Changes.Matches(e) || !t.hasSubscriberBefore(e.Position) {
			continue
		}
		work.Add(1)
		service.Go(t.hub.o.Logger, "answers to a change", func() {
			defer work.Done()
			answers[i], answered[i] = t.answer(e, 0)
		})
	}
	work.Wait()
	for i := range events {
		e := &events[i]
		delay := firstRetry
		for attempt := 1; !answered[i] && t.target.Changes.Matches(e) && t.hasSubscriberBefore(e.Position); attempt++ {
			if !t.wait(&delay) {
				return false
			}
			answers[i], answered[i] = t.answer(e, attempt)
		}
		if again := t.finishChange(e, answers[i], answered[i]); again {
			return true
		}
	}
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	return len(t.subscribers) > 0
}

// answer executes the operation for an event. It returns false if the database is unavailable: the event is answered again
// then, because no change may be skipped.
func (t *topic) answer(e *event.Event, attempt int) (*graphql.Response, bool) {
	change := &event.Change{Cursor: t.cursor(e), JobID: e.Job}
	if e.CustomerID != uuid.Nil {
		change.CustomerID = &e.CustomerID
	}
	return t.execute(attempt, func(ctx context.Context) *graphql.Response {
		ctx, err := t.hub.withDeletedJob(ctx, t.viewer, e)
		if err != nil {
			return &graphql.Response{Errors: t.hub.o.Engine.Present(ctx, fault.New(fault.Unavailable, "The database is not available").Because(err))}
		}
		return t.op.Execute(graph.WithSubscribed(ctx, &graph.Subscribed{Change: change}))
	})
}

func (t *topic) cursor(e *event.Event) string { return t.hub.feed.Epoch().Cursor(e.Position) }

// finishChange sends an answer, if there is one, and notes that every change up to the event was given. It only reports true if
// the topic must read the log anew: a new subscriber may miss changes before this one.
func (t *topic) finishChange(e *event.Event, r *graphql.Response, answered bool) (again bool) {
	t.hub.mu.Lock()
	defer t.hub.mu.Unlock()
	if t.mustCatchUp {
		return true
	}
	if t.reached.Before(e.Position) {
		t.reached = e.Position
	}
	if answered {
		t.sendChange(r, e.Position, t.cursor(e))
	}
	return false
}

// sendChange sends an answer to all subscribers whose position is before it; the lock is held. A nil answer is a change that
// the viewer may not see.
func (t *topic) sendChange(r *graphql.Response, at event.Position, cursor string) {
	var a *Answer
	if r != nil {
		response := *r
		if len(response.Data) == 0 {
			response.Data = json.RawMessage("null")
			response.Extensions = map[string]any{"cursor": cursor}
		}
		a = &Answer{Body: marshalResponse(&response), Cursor: cursor}
	}
	for s := range t.subscribers {
		switch {
		case !s.from.Before(at):
		case a == nil:
			s.from = at
		case !t.hub.charge(s):
		case s.sink.Next(a):
			s.from = at
			t.hub.o.Sent(t.root)
		default:
			slow := fault.New(fault.TooMany, "The subscriber is too slow: subscribe again with after set to the cursor").
				With("reason", "TOO_SLOW").With("cursor", s.cursor())
			t.hub.o.Ended(observe.CutSlow)
			s.sink.Fail(t.hub.o.Engine.Present(t.hub.ctx, slow))
			s.removeLocked()
		}
	}
}

// withDeletedJob returns a context that lets a viewer see the job that deleted a customer, if the viewer could see the customer.
func (h *Hub) withDeletedJob(ctx context.Context, v *viewer.Viewer, e *event.Event) (context.Context, error) {
	if v.Role != viewer.Member || e.Action != "deleteCustomer" {
		return ctx, nil
	}
	h.mu.Lock()
	users, known := h.deletedViewers[e.Job]
	h.mu.Unlock()
	if !known {
		var err error
		if users, err = h.o.Deleted(ctx, e.Job); err != nil {
			return ctx, err
		}
		h.mu.Lock()
		if len(h.deletedViewers) > 1000 {
			clear(h.deletedViewers)
		}
		h.deletedViewers[e.Job] = users
		h.mu.Unlock()
	}
	if !users[v.ID] {
		return ctx, nil
	}
	allowed := *v
	allowed.DeletedByJob = e.Job
	return viewer.NewContext(ctx, &allowed), nil
}

// alias returns the name of the only field in the answers of a topic.
func alias(t *topic) string {
	if f, ok := t.op.Operation().SelectionSet[0].(*ast.Field); ok {
		return f.Alias
	}
	return t.root
}
