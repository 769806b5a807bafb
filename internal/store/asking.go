package store

import (
	"context"
	"sync"
	"time"
)

// askLimit bounds a question to a server. Nobody depends on the answer: the
// primary is there to be used.
const askLimit = 200 * time.Millisecond

// asking puts one question for all who ask at once. Everybody gets an answer
// that was given after they asked: who comes while the question is under way
// waits for the next one, together with all others who come meanwhile. So a
// server is never asked twice at a time, however many want to know.
type asking[T any] struct {
	question func(context.Context) (T, error)

	mu      sync.Mutex
	running bool
	next    *answer[T] // of those who came while the question was under way
}

type answer[T any] struct {
	given chan struct{}
	value T
	err   error
}

// ask returns an answer that was given after the call, or an error within
// askLimit.
func (a *asking[T]) ask(ctx context.Context) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
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

func (a *asking[T]) join() *answer[T] {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.next == nil {
		a.next = &answer[T]{given: make(chan struct{})}
	}
	mine := a.next
	if !a.running {
		a.running = true
		go a.run()
	}
	return mine
}

// run asks until nobody waits any more. The question is everybody's: it ends
// with none of their contexts, and is counted for none of them.
func (a *asking[T]) run() {
	for {
		a.mu.Lock()
		one := a.next
		a.next, a.running = nil, one != nil
		a.mu.Unlock()
		if one == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), askLimit)
		one.value, one.err = a.question(ctx)
		cancel()
		close(one.given)
	}
}
