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

// find executes a subscription to find its topic.
func find(ctx context.Context, op *engine.Subscription) (*graph.Topic, gqlerror.List) {
	about := &graph.Topic{}
	response := op.Execute(graph.WithSubscribed(ctx, &graph.Subscribed{Topic: about}))
	switch {
	case response != nil && len(response.Errors) > 0:
		return nil, response.Errors
	case about.Customer == uuid.Nil && about.Job == uuid.Nil && about.Changes == nil:
		return nil, gqlerror.List{gqlerror.Errorf("the subscription selects no field")}
	}
	return about, nil
}

// runObject executes the topic until its object has no more changes, and sends each answer that differs from the last one.
func (t *topic) runObject() {
	h := t.hub
	delay, attempt := firstRetry, 0
	for {
		h.mu.Lock()
		if !t.dirty || len(t.subscribers) == 0 || h.closed {
			t.ended()
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
				t.ended()
				h.mu.Unlock()
				return
			}
			continue
		}
		delay, attempt = firstRetry, 0
		h.locked(func() { t.give(response, present, last) })
	}
}

// give sends an answer to the subscribers that were present when its execution began; the lock is held. Others get the next
// one.
func (t *topic) give(r *graphql.Response, present []*Subscriber, last bool) {
	gone := empty(r.Data) && (len(r.Errors) == 0 || code(r.Errors) == string(fault.NotFound))
	var a *Answer
	if gone {
		a = &Answer{Body: []byte(`{"data":{"` + alias(t) + `":null}}`)}
	} else {
		a = &Answer{Body: body(&graphql.Response{Data: r.Data, Errors: r.Errors})}
	}
	same := bytes.Equal(a.Body, t.data)
	t.data = a.Body
	for _, s := range present {
		switch {
		case s.over:
		case gone && !s.had:
			s.sink.Fail(r.Errors)
			s.leave()
		case (!s.had || !same) && !t.hub.pays(s):
		default:
			if !s.had || !same {
				s.sink.Newest(a)
				t.hub.o.Sent(t.root)
			}
			s.had = true
			if gone || last {
				s.sink.Complete()
				s.leave()
			}
		}
	}
}

// pays charges the cost of an answer to a subscriber, or ends it if the quota is used up; the lock is held.
func (h *Hub) pays(s *Subscriber) bool {
	err := h.o.Engine.Spend(s.viewer, s.cost)
	if err == nil {
		return true
	}
	f := fault.As(err)
	if cursor := s.cursor(); cursor != "" {
		f = f.With("cursor", cursor)
	}
	h.o.Cut(observe.CutLimited)
	s.sink.Fail(h.o.Engine.Present(h.ctx, f))
	s.leave()
	return false
}
