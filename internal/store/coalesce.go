package store

import (
	"context"
	"sync"
	"time"

	"cloudapi/internal/service"
)

// coalesceTimeout bounds a query to a server. The answer is optional: without it the query runs on the primary.
const coalesceTimeout = 200 * time.Millisecond

// coalescer shares one query among concurrent callers; each gets a result
// fetched after it called. A caller that arrives during a query waits for the
// next one, together with the other callers that arrive meanwhile. So at most one
// query runs at a time.
type coalescer[T any] struct {
	fetch func(context.Context) (T, error)

	mu      sync.Mutex
	running bool
	next    *answer[T] // for callers that came while the query was running
}

type answer[T any] struct {
	given chan struct{}
	value T
	err   error
}

// get returns the answer of a query that began after the call, or an error after coalesceTimeout.
func (a *coalescer[T]) get(ctx context.Context) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, coalesceTimeout)
	defer cancel()
	mine := a.join()
	select {
	case <-mine.given:
		return mine.value, mine.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

func (a *coalescer[T]) join() *answer[T] {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == nil {
		a.next = &answer[T]{given: make(chan struct{})}
	}
	mine := a.next
	if !a.running {
		a.running = true
		service.Start(func() error {
			a.run()
			return nil
		})
	}
	return mine
}

// run queries until no caller is waiting. The query belongs to all callers: it does not end with any of their contexts, and
// is not counted for any of them.
func (a *coalescer[T]) run() {
	for {
		a.mu.Lock()
		one := a.next
		a.next, a.running = nil, one != nil
		a.mu.Unlock()
		if one == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), coalesceTimeout)
		one.err = service.Recovered(func() (err error) {
			one.value, err = a.fetch(ctx)
			return err
		})
		cancel()
		close(one.given)
	}
}
