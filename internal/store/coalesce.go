package store

import (
	"context"
	"sync"
	"time"

	"cloudapi/internal/service"
)

// coalesceTimeout bounds a question to a server. Nobody depends on the answer: the
// primary is there to be used.
const coalesceTimeout = 200 * time.Millisecond

// coalescer shares one query among concurrent callers; each gets a result
// fetched after it called. A caller that arrives during a query waits for the
// next one, together with the other callers that arrive meanwhile. So at most one
// query runs at a time.
type coalescer[T any] struct {
	fetch func(context.Context) (T, error)

	mu      sync.Mutex
	running bool
	next    *answer[T] // of those who came while the question was under way
}

type answer[T any] struct {
	given chan struct{}
	value T
	err   error
}

// get returns an answer that was given after the call, or an error within
// coalesceTimeout.
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

// run asks until nobody waits any more. The question is everybody's: it ends
// with none of their contexts, and is counted for none of them.
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
