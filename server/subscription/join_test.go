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
