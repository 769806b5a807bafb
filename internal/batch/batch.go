// Package batch groups concurrent calls without a timer: calls that arrive while an execution runs wait for it, and are then
// executed together.
package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cloudapi/internal/service"
)

// Run executes several members of a key at once and returns a result for each, in order. Its context has the values of the
// first member's.
type Run[K comparable, In, Out any] func(ctx context.Context, key K, members []In) []Result[Out]

// Result is the result of one member.
type Result[Out any] struct {
	Out Out
	Err error
}

// Options configures a group. Zero values mean the defaults.
type Options struct {
	// Max is the maximum number of members of an execution, 64.
	Max int
	// Parallel is how many executions of one key run concurrently, 1.
	Parallel int
	// Time bounds an execution of several members. 0 means that it lasts as long as one of them waits for it.
	Time time.Duration
	// WaitForResult makes Do wait for the end of an execution that has begun, even after the member's context has ended, so
	// that the caller of a change gets its real result.
	WaitForResult bool
	// Executed is called for each execution with the number of its members; it may be nil.
	Executed func(members int)
}

// Group executes calls, each key separately and the members of a key in the order of their arrival. A key takes memory only
// while calls of it run. It is safe for concurrent use.
type Group[K comparable, In, Out any] struct {
	options Options
	run     Run[K, In, Out]

	mu      sync.Mutex
	keys    map[K]*queue[In, Out]
	present int
}

// queue has the running and the waiting calls of a key.
type queue[In, Out any] struct {
	running int // executions
	waiting []*member[In, Out]
}

// member is a call that waits.
type member[In, Out any] struct {
	ctx  context.Context
	in   In
	out  Result[Out]
	done chan struct{}
	// execution is the execution with this member, nil while the member waits.
	execution *execution
}

// execution is the shared work of several members.
type execution struct {
	present int
	cancel  context.CancelCauseFunc
}

// errAbandoned ends an execution for which no member waits any more.
var errAbandoned = errors.New("batch: all members have been cancelled")

// errEnded is the error of all members of an execution that exited its goroutine.
var errEnded = errors.New("batch: the execution ended its goroutine")

// New returns a group that executes with run.
func New[K comparable, In, Out any](o Options, run Run[K, In, Out]) *Group[K, In, Out] {
	if o.Max <= 0 {
		o.Max = 64
	}
	if o.Parallel <= 0 {
		o.Parallel = 1
	}
	return &Group[K, In, Out]{options: o, run: run, keys: map[K]*queue[In, Out]{}}
}

// Do executes in. If fewer than Parallel executions of the key run, it executes at once, on the caller's goroutine and
// context; otherwise together with the other waiting members. A caller whose context ends while it waits gets the cause of
// that. It does not affect the other members: the shared execution continues as long as one member waits.
func (g *Group[K, In, Out]) Do(ctx context.Context, key K, in In) (Out, error) {
	m := g.enter(ctx, key, in)
	defer g.exit()
	if m == nil {
		defer g.next(key)
		result := make([]Result[Out], 1)
		g.execute(ctx, key, []In{in}, result)
		return result[0].Out, result[0].Err
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		if g.leave(key, m) || !g.options.WaitForResult {
			var none Out
			return none, context.Cause(ctx)
		}
		<-m.done
	}
	return m.out.Out, m.out.Err
}

// enter returns a waiting member, or nil if the caller may execute.
func (g *Group[K, In, Out]) enter(ctx context.Context, key K, in In) *member[In, Out] {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.present++
	l := g.keys[key]
	if l == nil {
		l = &queue[In, Out]{}
		g.keys[key] = l
	}
	if l.running < g.options.Parallel {
		l.running++
		return nil
	}
	m := &member[In, Out]{ctx: ctx, in: in, done: make(chan struct{})}
	l.waiting = append(l.waiting, m)
	return m
}

func (g *Group[K, In, Out]) exit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.present--
}

// leave removes a member whose context has ended, and reports whether its execution had not begun.
func (g *Group[K, In, Out]) leave(key K, m *member[In, Out]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := m.execution; e != nil {
		if e.present--; e.present == 0 {
			e.cancel(errAbandoned)
		}
		return false
	}
	l := g.keys[key]
	l.waiting = slices.DeleteFunc(l.waiting, func(other *member[In, Out]) bool { return other == m })
	return true
}

// next ends an execution, and executes the waiting members.
func (g *Group[K, In, Out]) next(key K) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.keys[key]
	if len(l.waiting) == 0 {
		if l.running--; l.running == 0 {
			delete(g.keys, key)
		}
		return
	}
	n := min(len(l.waiting), g.options.Max)
	members := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	ctx := g.beginShared(members)
	service.Start(func() error {
		g.executeShared(ctx, key, members)
		return nil
	})
}

// beginShared begins the members' shared execution; the lock is held.
func (g *Group[K, In, Out]) beginShared(members []*member[In, Out]) context.Context {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(members[0].ctx))
	e := &execution{present: len(members), cancel: cancel}
	for _, m := range members {
		m.execution = e
	}
	return ctx
}

// executeShared executes waiting members together.
func (g *Group[K, In, Out]) executeShared(ctx context.Context, key K, members []*member[In, Out]) {
	defer g.next(key)
	defer members[0].execution.cancel(nil)
	if g.options.Time > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, g.options.Time)
		defer stop()
	}
	ins := make([]In, len(members))
	for i, m := range members {
		ins[i] = m.in
	}
	results := make([]Result[Out], len(members))
	defer func() {
		for i, m := range members {
			m.out = results[i]
			close(m.done)
		}
	}()
	g.execute(ctx, key, ins, results)
}

// execute runs members. Each gets a result in every case: a panic becomes the error of all, and so does exiting the
// goroutine.
func (g *Group[K, In, Out]) execute(ctx context.Context, key K, members []In, results []Result[Out]) {
	err := errEnded
	defer func() {
		for i := range results {
			if err != nil {
				results[i].Err = err
			}
		}
	}()
	err = service.Recovered(func() error {
		if g.options.Executed != nil {
			g.options.Executed(len(members))
		}
		got := g.run(ctx, key, members)
		if len(got) != len(members) {
			return fmt.Errorf("batch: %d results for %d members", len(got), len(members))
		}
		copy(results, got)
		return nil
	})
}

// Keys returns how many keys take memory now.
func (g *Group[K, In, Out]) Keys() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.keys)
}

// Present returns how many callers there are now.
func (g *Group[K, In, Out]) Present() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.present
}
