package password

import (
	"context"
	"sync/atomic"
	"time"

	"cloudapi/internal/fault"
)

const (
	// maxWait is how long a hash waits for a slot before it fails with RATE_LIMITED.
	maxWait = 2 * time.Second
	// waitingForEach is the maximum number of waiting callers for each slot: about as many as get a slot within maxWait.
	waitingForEach = 64
)

// Stats has figures about the use of a hasher.
type Stats struct {
	Done    int64 // hashes since the start
	Refused int64 // callers that got RATE_LIMITED
	Waiting int64 // callers waiting now
}

// queue bounds the number of running and of waiting callers, first come first served.
type queue struct {
	turns                  chan struct{}
	longest                int64
	waiting, done, refused atomic.Int64
}

func newQueue(most int) *queue {
	return &queue{turns: make(chan struct{}, most), longest: int64(most) * waitingForEach}
}

// enter waits for a slot; leave frees it. It fails with RATE_LIMITED if the queue is full or the wait takes too long.
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
	wait := time.NewTimer(maxWait)
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
	return fault.New(fault.TooMany, "Too many are signing in at once; try again in %d seconds", int(maxWait.Seconds())).
		After(maxWait).With("limit", "sign_in")
}

func (q *queue) stats() Stats {
	return Stats{Done: q.done.Load(), Refused: q.refused.Load(), Waiting: q.waiting.Load()}
}
