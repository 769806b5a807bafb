package store

import (
	"context"
	"sync/atomic"
)

// Counter counts the SQL statements sent with a context: queries and changes, without BEGIN, COMMIT and ROLLBACK. A
// statement that is sent again on another connection counts again.
type Counter struct{ n atomic.Int64 }

// Count returns the number of statements so far.
func (c *Counter) Count() int64 { return c.n.Load() }

type counterKey struct{}

// WithStatementCounter returns a context whose statements are counted, also by the counters that ctx already has.
func WithStatementCounter(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	outer, _ := ctx.Value(counterKey{}).(*chain)
	return context.WithValue(ctx, counterKey{}, &chain{counter: c, outer: outer}), c
}

// chain is the list of a context's counters, innermost first.
type chain struct {
	counter *Counter
	outer   *chain
}

func countStatement(ctx context.Context) {
	for c, _ := ctx.Value(counterKey{}).(*chain); c != nil; c = c.outer {
		c.counter.n.Add(1)
	}
}
