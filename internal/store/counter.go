package store

import (
	"context"
	"sync/atomic"
)

// Counter counts the SQL statements sent on a context: queries and changes,
// not BEGIN, COMMIT and ROLLBACK. A statement that is sent again on another
// connection counts again.
type Counter struct{ n atomic.Int64 }

// Count is the number of statements so far.
func (c *Counter) Count() int64 { return c.n.Load() }

type counterKey struct{}

// WithStatementCounter returns a context whose statements are counted, also
// by counters that ctx carries already.
func WithStatementCounter(ctx context.Context) (context.Context, *Counter) {
	c := &Counter{}
	outer, _ := ctx.Value(counterKey{}).(*chain)
	return context.WithValue(ctx, counterKey{}, &chain{counter: c, outer: outer}), c
}

// chain lists the counters of a context, innermost first.
type chain struct {
	counter *Counter
	outer   *chain
}

func countStatement(ctx context.Context) {
	for c, _ := ctx.Value(counterKey{}).(*chain); c != nil; c = c.outer {
		c.counter.n.Add(1)
	}
}
