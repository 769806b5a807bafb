package subscription

import (
	"github.com/google/uuid"

	"cloudapi/internal/event"
)

// joinTopic adds a subscriber to a topic with the same operation and the same rights, or to the new topic t, and returns
// the chosen one; the lock is held. The feed may have delivered events since it was at head.
//
// A topic sends the changes after its position, so that subscribers at that position or a later one can join it. Those
// that have missed changes share a second topic, which starts from the earliest of their positions and does not delay
// the others.
func (h *Hub) joinTopic(t *topic, s *Subscriber, head event.Position) *topic {
	t.reached = s.from
	shared, late := h.topics[t.key], h.catchingUp[t.key]
	if t.target.Changes == nil {
		if shared != nil && !t.last {
			t = shared
		} else {
			h.add(t)
		}
		t.dirty = true
		t.addSubscriber(s)
		return t
	}
	missed := s.from.Before(head) || s.from.Before(h.delivered)
	switch {
	case shared != nil && !s.from.Before(shared.reached):
		t = shared
	case missed && late != nil:
		t = late
		if s.from.Before(t.reached) {
			t.rewind(s.from)
		}
	case missed:
		t.mustCatchUp = true
		h.catchingUp[t.key] = t
		h.add(t)
	default:
		h.add(t)
	}
	t.addSubscriber(s)
	return t
}

// caughtUp notes that a topic has caught up; the lock is held.
func (h *Hub) caughtUp(t *topic) {
	if h.catchingUp[t.key] == t {
		delete(h.catchingUp, t.key)
	}
}

// add registers a topic; the lock is held.
func (h *Hub) add(t *topic) {
	if h.topics[t.key] == nil && !t.mustCatchUp && !t.last {
		h.topics[t.key] = t
	}
	index := func(by map[uuid.UUID]map[*topic]struct{}, id uuid.UUID) {
		if by[id] == nil {
			by[id] = map[*topic]struct{}{}
		}
		by[id][t] = struct{}{}
	}
	switch {
	case t.target.Changes != nil:
		h.changes[t] = struct{}{}
	case t.target.Job != uuid.Nil:
		index(h.jobs, t.target.Job)
	default:
		index(h.customers, t.target.Customer)
	}
}

// remove unregisters a topic; the lock is held.
func (h *Hub) remove(t *topic) {
	if h.topics[t.key] == t {
		delete(h.topics, t.key)
	}
	h.caughtUp(t)
	delete(h.changes, t)
	for id, by := range map[uuid.UUID]map[uuid.UUID]map[*topic]struct{}{t.target.Customer: h.customers, t.target.Job: h.jobs} {
		delete(by[id], t)
		if len(by[id]) == 0 {
			delete(by, id)
		}
	}
}

// mergeIntoShared moves the subscribers of an idle topic to the shared topic. If the shared topic is ahead, it does
// nothing, and is tried again at the next change. The lock is held.
func (t *topic) mergeIntoShared() {
	h := t.hub
	shared := h.topics[t.key]
	switch {
	case shared == nil:
		h.topics[t.key] = t
		h.caughtUp(t)
	case shared != t && !t.reached.Before(shared.reached):
		for s := range t.subscribers {
			if s.from.Before(t.reached) {
				s.from = t.reached
			}
			shared.addSubscriber(s)
		}
		clear(t.subscribers)
		h.remove(t)
	}
}

// addSubscriber adds a subscriber; the lock is held.
func (t *topic) addSubscriber(s *Subscriber) {
	s.topic = t
	t.subscribers[s] = struct{}{}
}

// rewind makes a topic read the log again from an earlier position; the lock is held. Each subscriber still gets only
// the changes after its own position.
func (t *topic) rewind(at event.Position) {
	t.reached, t.mustCatchUp = at, true
}
