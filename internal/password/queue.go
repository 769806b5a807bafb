package password

import (
	"context"
	"sync/atomic"
	"time"

	"cloudapi/internal/fault"
)

const (
	// patience is how long a hash waits for its turn before the caller is told
	// to come back.
	patience = 2 * time.Second
	// waitingForEach is how many may wait for each hash that is being worked
	// on: about as many as get their turn within patience.
	waitingForEach = 64
)

// Stats tell how busy a hasher is.
type Stats struct {
	Done    int64 // hashes since the start
	Refused int64 // callers told to come back
	Waiting int64 // callers waiting now
}

// queue lets a few in at once and keeps a bounded number waiting, first come
// first served.
type queue struct {
	turns                  chan struct{}
	longest                int64
	waiting, done, refused atomic.Int64
}

func newQueue(most int) *queue {
	return &queue{turns: make(chan struct{}, most), longest: int64(most) * waitingForEach}
}

// enter waits for a turn; leave ends it. A full queue, or one that does not move
// for long, is a fault with code RATE_LIMITED.
func (q *queue) enter(ctx context.Context) (leave func(), err error) {
	leave = func() {
		q.done.Add(1)
		<-q.turns
	}
	select {
	case q.turns <- struct{}{}:
		return leave, nil
	default:
	}
	defer q.waiting.Add(-1)
	if q.waiting.Add(1) > q.longest {
		return nil, q.refuse()
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case q.turns <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-wait.C:
		return nil, q.refuse()
	}
}

func (q *queue) refuse() error {
	q.refused.Add(1)
	return fault.New(fault.TooMany, "Too many are signing in at once; try again in %d seconds", int(patience.Seconds())).
		After(patience).With("limit", "sign_in")
}

func (q *queue) stats() Stats {
	return Stats{Done: q.done.Load(), Refused: q.refused.Load(), Waiting: q.waiting.Load()}
}
