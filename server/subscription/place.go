package subscription

import (
	"github.com/google/uuid"

	"cloudapi/internal/event"
)

// place adds a subscriber to a topic with the same operation and the same rights, or to the new topic t, and returns the
// chosen one; the lock is held. The feed may have delivered events since it was at head.
//
// A topic gives the changes after its position, so that subscribers at that position or a later one can join it. Those that
// have missed changes share a second topic, which starts from the earliest of their positions and does not hold up the others.
func (h *Hub) place(t *topic, s *Subscriber, head event.Position) *topic {
	t.at = s.from
	shared, late := h.topics[t.key], h.late[t.key]
	if t.about.Changes == nil {
		if shared != nil && !t.last {
			t = shared
		} else {
			h.add(t)
		}
		t.dirty = true
		t.take(s)
		return t
	}
	missed := s.from.Before(head) || s.from.Before(h.delivered)
	switch {
	case shared != nil && !s.from.Before(shared.at):
		t = shared
	case missed && late != nil:
		t = late
		if s.from.Before(t.at) {
			t.rewind(s.from)
		}
	case missed:
		t.behind = true
		h.late[t.key] = t
		h.add(t)
	default:
		h.add(t)
	}
	t.take(s)
	return t
}

// notLate notes that a topic has caught up; the lock is held.
func (h *Hub) notLate(t *topic) {
	if h.late[t.key] == t {
		delete(h.late, t.key)
	}
}

// add registers a topic; the lock is held.
func (h *Hub) add(t *topic) {
	if h.topics[t.key] == nil && !t.behind && !t.last {
		h.topics[t.key] = t
	}
	index := func(by map[uuid.UUID]map[*topic]struct{}, id uuid.UUID) {
		if by[id] == nil {
			by[id] = map[*topic]struct{}{}
		}
		by[id][t] = struct{}{}
	}
	switch {
	case t.about.Changes != nil:
		h.changes[t] = struct{}{}
	case t.about.Job != uuid.Nil:
		index(h.jobs, t.about.Job)
	default:
		index(h.customers, t.about.Customer)
	}
}

// remove unregisters a topic; the lock is held.
func (h *Hub) remove(t *topic) {
	if h.topics[t.key] == t {
		delete(h.topics, t.key)
	}
	h.notLate(t)
	delete(h.changes, t)
	for id, by := range map[uuid.UUID]map[uuid.UUID]map[*topic]struct{}{t.about.Customer: h.customers, t.about.Job: h.jobs} {
		delete(by[id], t)
		if len(by[id]) == 0 {
			delete(by, id)
		}
	}
}

// join moves the subscribers of a topic that has nothing left to do to the shared topic, unless that one is ahead; then it
// tries again at the next change. The lock is held.
func (t *topic) join() {
	h := t.hub
	shared := h.topics[t.key]
	switch {
	case shared == nil:
		h.topics[t.key] = t
		h.notLate(t)
	case shared != t && !t.at.Before(shared.at):
		for s := range t.subscribers {
			if s.from.Before(t.at) {
				s.from = t.at
			}
			shared.take(s)
		}
		clear(t.subscribers)
		h.remove(t)
	}
}

// take adds a subscriber; the lock is held.
func (t *topic) take(s *Subscriber) {
	s.topic = t
	t.subscribers[s] = struct{}{}
}

// rewind makes a topic read the log again from an earlier position; the lock is held. Each subscriber still gets only what
// follows its own position.
func (t *topic) rewind(at event.Position) {
	t.at, t.behind = at, true
}
