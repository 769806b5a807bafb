package subscription

import (
	"bytes"
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"cloudapi/graph"
	"cloudapi/internal/fault"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// findTopic executes a subscription to find its topic.
func findTopic(ctx context.Context, op *engine.Subscription) (*graph.Topic, gqlerror.List) {
	target := &graph.Topic{}
	response := op.Execute(graph.WithSubscribed(ctx, &graph.Subscribed{Topic: target}))
	switch {
	case response != nil && len(response.Errors) > 0:
		return nil, response.Errors
	case target.Customer == uuid.Nil && target.Job == uuid.Nil && target.Changes == nil:
		return nil, gqlerror.List{gqlerror.Errorf("the subscription selects no field")}
	}
	return target, nil
}

// runObject executes the topic until its object has no more changes, and sends each answer that differs from the last one.
func (t *topic) runObject() {
	h := t.hub
	delay, attempt := firstRetry, 0
	for {
		h.mu.Lock()
		if !t.dirty || len(t.subscribers) == 0 || h.closed {
			t.setStopped()
			h.mu.Unlock()
			return
		}
		t.dirty = false
		last, present := t.last, make([]*Subscriber, 0, len(t.subscribers))
		for s := range t.subscribers {
			present = append(present, s)
		}
		h.mu.Unlock()
		response, ok := t.execute(attempt, func(ctx context.Context) *graphql.Response {
			return t.op.Read(graph.WithSubscribed(ctx, &graph.Subscribed{}))
		})
		if !ok {
			attempt++
			h.mu.Lock()
			t.dirty = true
			h.mu.Unlock()
			if !t.wait(&delay) {
				h.mu.Lock()
				t.setStopped()
				h.mu.Unlock()
				return
			}
			continue
		}
		delay, attempt = firstRetry, 0
		h.withLock(func() { t.sendObject(response, present, last) })
	}
}

// sendObject sends an answer to the subscribers that were present when its execution began; the lock is held. Others get the next
// one.
func (t *topic) sendObject(r *graphql.Response, present []*Subscriber, last bool) {
	gone := isNull(r.Data) && (len(r.Errors) == 0 || firstCode(r.Errors) == string(fault.NotFound))
	var a *Answer
	if gone {
		a = &Answer{Body: []byte(`{"data":{"` + alias(t) + `":null}}`)}
	} else {
		a = &Answer{Body: marshalResponse(&graphql.Response{Data: r.Data, Errors: r.Errors})}
	}
	same := bytes.Equal(a.Body, t.data)
	t.data = a.Body
	for _, s := range present {
		switch {
		case s.ended:
		case gone && !s.answered:
			s.sink.Fail(r.Errors)
			s.removeLocked()
		case (!s.answered || !same) && !t.hub.charge(s):
		default:
			if !s.answered || !same {
				s.sink.Newest(a)
				t.hub.o.Sent(t.root)
			}
			s.answered = true
			if gone || last {
				s.sink.Complete()
				s.removeLocked()
			}
		}
	}
}

// charge charges the cost of an answer to a subscriber, or ends it if the quota is used up; the lock is held.
func (h *Hub) charge(s *Subscriber) bool {
	err := h.o.Engine.Spend(s.viewer, s.cost)
	if err == nil {
		return true
	}
	f := fault.As(err)
	if cursor := s.cursor(); cursor != "" {
		f = f.With("cursor", cursor)
	}
	h.o.Ended(observe.CutLimited)
	s.sink.Fail(h.o.Engine.Present(h.ctx, f))
	s.removeLocked()
	return false
}
