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
	next    *sharedFetch[T] // for the callers that arrived during the running query
}

// sharedFetch is one query and its result. done is closed when the result is set.
type sharedFetch[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// get returns the result of a query that began after the call, or an error after coalesceTimeout.
func (a *coalescer[T]) get(ctx context.Context) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, coalesceTimeout)
	defer cancel()
	fetch := a.join()
	select {
	case <-fetch.done:
		return fetch.value, fetch.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// join returns the next query, and starts it if none is running.
func (a *coalescer[T]) join() *sharedFetch[T] {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == nil {
		a.next = &sharedFetch[T]{done: make(chan struct{})}
	}
	fetch := a.next
	if !a.running {
		a.running = true
		service.Start(func() error {
			a.run()
			return nil
		})
	}
	return fetch
}

// run queries until no caller is waiting. The query belongs to all callers: it does not end with any of their contexts, and
// is not counted for any of them.
func (a *coalescer[T]) run() {
	for {
		a.mu.Lock()
		fetch := a.next
		a.next, a.running = nil, fetch != nil
		a.mu.Unlock()
		if fetch == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), coalesceTimeout)
		fetch.err = service.Recovered(func() (err error) {
			fetch.value, err = a.fetch(ctx)
			return err
		})
		cancel()
		close(fetch.done)
	}
}
