package subscription

import (
	"testing"

	"github.com/google/uuid"

	"cloudapi/graph"
	"cloudapi/internal/event"
)

// TestACaughtUpTopicDoesNotMoveOthers: a topic that catches up may have read a
// change that the feed has not delivered yet. When its subscribers join the topic
// of others, those others still need that change, and it does not need it again.
func TestACaughtUpTopicDoesNotMoveOthers(t *testing.T) {
	h := New(Options{})
	first, second := event.Position{At: 1, Job: uuid.New()}, event.Position{At: 2, Job: uuid.New()}
	topicAt := func(at event.Position) (*topic, *Subscriber) {
		made := &topic{
			hub: h, key: "changes", about: &graph.Topic{Changes: &graph.Changes{}}, at: at,
			subscribers: map[*Subscriber]struct{}{},
		}
		s := &Subscriber{hub: h, from: at}
		made.take(s, at)
		return made, s
	}
	shared, waiting := topicAt(first)
	h.add(shared)
	ahead, served := topicAt(second)
	h.changes[ahead] = struct{}{}
	h.locked(ahead.join)
	if waiting.topic != shared || served.topic != shared || len(shared.subscribers) != 2 {
		t.Fatal("the subscribers have not joined one topic")
	}
	if !shared.needs(second) {
		t.Error("the subscriber that waits for the second change does not get it")
	}
	if shared.at != first {
		t.Errorf("the topic reads the log from %v, not from %v", shared.at, first)
	}
	h.locked(func() {
		delete(shared.subscribers, waiting)
	})
	if shared.needs(second) {
		t.Error("the subscriber that has got the second change gets it again")
	}
}

// TestASubscriberMissesNothingWhileItSubscribes: the feed may deliver a change between the moment at which a subscriber has
// learnt its position and the moment at which it is added to a topic. The shared topic has sent that change already, so the
// subscriber must read it from the log.
func TestASubscriberMissesNothingWhileItSubscribes(t *testing.T) {
	first, second := event.Position{At: 1, Job: uuid.New()}, event.Position{At: 2, Job: uuid.New()}
	for _, c := range []struct {
		name             string
		from, head, sent event.Position
		behind           bool
	}{
		{"nothing sent", first, first, event.Position{}, false},
		{"up to date", second, second, second, false},
		{"ahead of this server", second, first, first, false},
		{"sent meanwhile", first, first, second, true},
		{"old cursor", first, second, event.Position{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := New(Options{})
			made := func() *topic {
				return &topic{
					hub: h, key: "changes", about: &graph.Topic{Changes: &graph.Changes{}}, subscribers: map[*Subscriber]struct{}{},
				}
			}
			shared := made()
			h.add(shared)
			h.delivered = c.sent
			chosen := h.place(made(), &Subscriber{hub: h, from: c.from}, c.head)
			if chosen.behind != c.behind || (chosen == shared) == c.behind {
				t.Errorf("behind is %v, shared %v", chosen.behind, chosen == shared)
			}
			shared.reading = true
			if chosen = h.place(made(), &Subscriber{hub: h, from: c.from}, c.head); chosen == shared {
				t.Error("the subscriber joins a topic that may be ahead of the feed")
			}
		})
	}
}
