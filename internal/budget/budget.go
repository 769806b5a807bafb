// Package budget bounds what one operation produces and holds. It counts while
// the operation runs, and ends the operation when a limit is passed:
//
//	ctx, b := budget.Start(ctx, limits, share)
//	defer b.End()
//	…
//	if err := b.Draw(1, len(text), 0); err != nil {
//		return err // names the limit; ctx has ended, and err is its cause
//	}
//
// Every path that makes objects or bytes of an answer draws on the budget in
// its context. A nil *Budget bounds nothing: work of the server itself has none.
package budget

import (
	"context"
	"sync"
	"sync/atomic"

	"cloudapi/internal/fault"
)

// Budget is what is left of one operation. It is safe for concurrent use.
type Budget struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	limits Limits
	share  *Share

	objects, bytes, held atomic.Int64
	failed               atomic.Pointer[fault.Fault]

	failures atomic.Int64

	mu       sync.Mutex
	reserved atomic.Int64 // of the share
	changes  []any
}

type budgetKey struct{}

// Start gives an operation a budget, which the returned context carries. What
// the operation holds is taken from share, which may be nil. The context ends
// with the budget.
func Start(ctx context.Context, limits Limits, share *Share) (context.Context, *Budget) {
	b := &Budget{limits: limits.OrDefault(), share: share}
	ctx, b.cancel = context.WithCancelCause(ctx)
	b.ctx = ctx
	return context.WithValue(ctx, budgetKey{}, b), b
}

// From returns the budget of a context, nil for none.
func From(ctx context.Context) *Budget {
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return b
}

// Without returns the context without its budget, and without its end, to tell
// what has become of the operation.
func Without(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), budgetKey{}, (*Budget)(nil))
}

// End ends the operation's context. What the operation holds stays counted
// until its share gives it back: the answer is not yet sent.
func (b *Budget) End() {
	if b != nil {
		b.cancel(nil)
	}
}

// Release gives back what the operation holds.
func (b *Budget) Release() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.Store(0)
	b.share.give(b.reserved.Swap(0))
}

// Err is why the operation must end, nil while it may go on: a limit was
// passed, its caller is gone, or its time is over.
func (b *Budget) Err() error {
	if b == nil || b.ctx.Err() == nil {
		return nil
	}
	if f := b.failed.Load(); f != nil {
		return f
	}
	return context.Cause(b.ctx)
}

// Failure is the limit that the operation has passed, nil for none.
func (b *Budget) Failure() *fault.Fault {
	if b == nil {
		return nil
	}
	return b.failed.Load()
}

// mostFailures is how many errors of one operation are looked at. Answers show
// fewer.
const mostFailures = 100

// MayFail reports whether another error of the operation should be looked at:
// not when there were many, and not when a limit was passed, after which each
// field has one.
func (b *Budget) MayFail() bool {
	return b == nil || b.failed.Load() == nil && b.failures.Add(1) <= mostFailures
}

// Draw counts objects and bytes of the answer, and bytes of memory that are
// held until the operation ends.
func (b *Budget) Draw(objects, bytes, held int) error {
	if b == nil {
		return nil
	}
	if b.ctx.Err() != nil {
		return b.Err()
	}
	if objects > 0 && b.objects.Add(int64(objects)) > int64(b.limits.Objects) {
		return b.fail(b.limits.tooManyObjects())
	}
	if bytes > 0 && b.bytes.Add(int64(bytes)) > int64(b.limits.Bytes) {
		return b.fail(b.limits.tooManyBytes())
	}
	if held > 0 && b.held.Add(int64(held)) > b.reserved.Load() {
		return b.reserve()
	}
	return nil
}

// Hold counts memory that is held for the answer after the operation.
func (b *Budget) Hold(bytes int) error {
	if b != nil && b.held.Add(int64(bytes)) > b.reserved.Load() {
		return b.reserve()
	}
	return nil
}

// chunk is how much is reserved of a share at a time, in bytes.
const chunk = 64 << 10

// reserve reserves what is held of the caller's share, and a little more.
func (b *Budget) reserve() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing := b.held.Load() - b.reserved.Load()
	if missing <= 0 {
		return nil
	}
	alone := b.share == nil && b.held.Load() > int64(b.limits.Held)
	if alone || !b.share.take(missing+chunk) {
		return b.fail(b.limits.tooMuchHeld(b.held.Load()))
	}
	b.reserved.Add(missing + chunk)
	return nil
}

// refund gives back what was drawn for something that is thrown away.
func (b *Budget) refund(objects, bytes, held int64) {
	b.objects.Add(-objects)
	b.bytes.Add(-bytes)
	b.held.Add(-held)
}

func (b *Budget) fail(f *fault.Fault) error {
	b.failed.CompareAndSwap(nil, f)
	f = b.failed.Load()
	b.cancel(f)
	return f
}

// Spent is how many objects and bytes were counted.
func (b *Budget) Spent() (objects, bytes int) {
	if b == nil {
		return 0, 0
	}
	return int(b.objects.Load()), int(b.bytes.Load())
}

// Changed notes the result of a change that is committed, for the error of an
// operation that ends after it.
func (b *Budget) Changed(result any) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, result)
}

// Changes are the results that were noted.
func (b *Budget) Changes() []any {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changes
}
