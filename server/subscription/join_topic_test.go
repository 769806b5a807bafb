package subscription

import (
	"testing"

	"github.com/google/uuid"

	"cloudapi/graph"
	"cloudapi/internal/event"
)

// The tests place subscribers at positions of three changes.
var (
	first  = event.Position{At: 1, Job: uuid.New()}
	second = event.Position{At: 2, Job: uuid.New()}
	third  = event.Position{At: 3, Job: uuid.New()}
)

func newChanges(h *Hub) *topic {
	return &topic{
		hub: h, key: "changes", target: &graph.Topic{Changes: &graph.Changes{}}, subscribers: map[*Subscriber]struct{}{},
	}
}

// TestASubscriberMissesNothingWhileItSubscribes: the feed may deliver a change between the moment at which a subscriber has
// learnt its position and the moment at which it is added to a topic. The shared topic has sent that change already, so the
// subscriber must read it from the log.
func TestASubscriberMissesNothingWhileItSubscribes(t *testing.T) {
	for _, c := range []struct {
		name                       string
		from, head, sent, sharedAt event.Position
		behind, joins              bool
	}{
		{name: "nothing sent", from: first, head: first, joins: true},
		{name: "up to date", from: second, head: second, sent: second, sharedAt: second, joins: true},
		{name: "ahead of this server", from: second, head: first, sent: first, sharedAt: first, joins: true},
		{name: "sent meanwhile", from: first, head: first, sent: second, sharedAt: second, behind: true},
		{name: "sent meanwhile, but not yet to the others", from: first, head: first, sent: second, sharedAt: first, joins: true},
		{name: "old cursor", from: first, head: second, sharedAt: second, behind: true},
		{name: "the others read ahead", from: first, head: first, sharedAt: second},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := New(Options{})
			shared := newChanges(h)
			h.add(shared)
			shared.reached, h.delivered = c.sharedAt, c.sent
			chosen := h.joinTopic(newChanges(h), &Subscriber{hub: h, from: c.from}, c.head)
			if chosen.mustCatchUp != c.behind || (chosen == shared) != c.joins {
				t.Errorf("behind is %v, shared %v", chosen.mustCatchUp, chosen == shared)
			}
		})
	}
}

// TestLateSubscribersShareATopic: those that have missed changes read the log together, from the earliest of their
// positions, and join the others when they have caught up. What was being answered meanwhile is answered again.
func TestLateSubscribersShareATopic(t *testing.T) {
	h := New(Options{})
	shared := newChanges(h)
	h.add(shared)
	shared.reached, h.delivered = third, third
	early, later := &Subscriber{hub: h, from: first}, &Subscriber{hub: h, from: second}
	late := h.joinTopic(newChanges(h), later, third)
	late.mustCatchUp = false // it reads
	if chosen := h.joinTopic(newChanges(h), early, third); chosen != late || !late.mustCatchUp || late.reached != first {
		t.Fatalf("the earlier subscriber does not share the topic, or the topic begins at %v", late.reached)
	}
	e := &event.Event{Position: third}
	if !late.finishChange(e, nil, false) || late.reached != first {
		t.Error("the topic goes on past changes that a subscriber misses")
	}
	late.mustCatchUp = false
	for _, at := range []event.Position{second, third} {
		if late.finishChange(&event.Event{Position: at}, nil, false) || late.reached != at {
			t.Errorf("the topic stands at %v", late.reached)
		}
	}
	h.withLock(late.mergeIntoShared)
	if len(h.catchingUp) != 0 || early.topic != shared || later.topic != shared || len(shared.subscribers) != 2 || early.from != third {
		t.Error("the subscribers that have caught up have not joined the others")
	}
}

// TestACaughtUpTopicDoesNotMoveOthers: a topic that catches up may have read a change that the feed has not delivered yet.
// When its subscribers join the topic of others, those others still need that change, and it does not need it again. It does
// not join a topic that is ahead.
func TestACaughtUpTopicDoesNotMoveOthers(t *testing.T) {
	h := New(Options{})
	topicAt := func(at event.Position) (*topic, *Subscriber) {
		made := newChanges(h)
		made.reached = at
		s := &Subscriber{hub: h, from: at}
		made.addSubscriber(s)
		h.add(made)
		return made, s
	}
	shared, waiting := topicAt(second)
	behind, _ := topicAt(first)
	ahead, served := topicAt(third)
	h.withLock(behind.mergeIntoShared)
	if len(behind.subscribers) != 1 {
		t.Error("a subscriber joins a topic that is ahead of it")
	}
	h.withLock(ahead.mergeIntoShared)
	if waiting.topic != shared || served.topic != shared || len(shared.subscribers) != 2 {
		t.Fatal("the subscribers have not joined one topic")
	}
	if !shared.hasSubscriberBefore(third) {
		t.Error("the subscriber that waits for the third change does not get it")
	}
	if shared.reached != second {
		t.Errorf("the topic reads the log from %v, not from %v", shared.reached, second)
	}
	h.withLock(func() {
		delete(shared.subscribers, waiting)
	})
	if shared.hasSubscriberBefore(third) {
		t.Error("the subscriber that has got the third change gets it again")
	}
}
