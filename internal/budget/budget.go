// Package budget bounds the size of an operation's answer and the memory it uses. It counts while the operation runs, and
// ends the operation when a limit is exceeded:
//
//	ctx, b := budget.Start(ctx, limits, share)
//	defer b.End()
//	…
//	if err := b.Draw(1, len(text), 0); err != nil {
//		return err // names the limit; ctx has ended, and err is its cause
//	}
//
// Code that produces objects or bytes of an answer draws on the budget in its context. A nil *Budget bounds nothing: the
// server's own work has none.
package budget

import (
	"context"
	"sync"
	"sync/atomic"

	"cloudapi/internal/fault"
)

// Budget counts the use of one operation. It is safe for concurrent use.
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

// Start gives an operation a budget and returns a context that carries it. The operation's memory counts against share,
// which may be nil. The context ends when the budget is exceeded.
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

// Without returns a context that has neither the budget nor its cancellation, for reporting the operation's outcome.
func Without(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), budgetKey{}, (*Budget)(nil))
}

// End ends the operation's context. The operation's memory stays counted until Release, because the answer is not yet sent.
func (b *Budget) End() {
	if b != nil {
		b.cancel(nil)
	}
}

// Release returns the operation's memory to its share.
func (b *Budget) Release() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.Store(0)
	b.share.give(b.reserved.Swap(0))
}

// Err returns why the operation must end, nil if it may continue: a limit was exceeded, the caller is gone, or its time is
// over.
func (b *Budget) Err() error {
	if b == nil || b.ctx.Err() == nil {
		return nil
	}
	if f := b.failed.Load(); f != nil {
		return f
	}
	return context.Cause(b.ctx)
}

// Failure returns the fault of the exceeded limit, nil for none.
func (b *Budget) Failure() *fault.Fault {
	if b == nil {
		return nil
	}
	return b.failed.Load()
}

// maxFailures is how many errors of one operation are presented at most. Answers show fewer.
const maxFailures = 100

// MayFail reports whether to present another error of the operation. It returns false after too many errors, and after a
// limit was exceeded, because then every remaining field fails.
func (b *Budget) MayFail() bool {
	return b == nil || b.failed.Load() == nil && b.failures.Add(1) <= maxFailures
}

// Draw counts objects and bytes of the answer, and bytes of memory that are used until the operation ends.
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

// Hold counts memory that is used for the answer after the operation ends.
func (b *Budget) Hold(bytes int) error {
	if b != nil && b.held.Add(int64(bytes)) > b.reserved.Load() {
		return b.reserve()
	}
	return nil
}

// chunk is how much is reserved of a share at a time, in bytes.
const chunk = 64 << 10

// reserve reserves the operation's memory from the caller's share, rounded up to chunks.
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

// refund returns what was drawn for a discarded part of an answer.
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

// Spent returns the counted objects and bytes.
func (b *Budget) Spent() (objects, bytes int) {
	if b == nil {
		return 0, 0
	}
	return int(b.objects.Load()), int(b.bytes.Load())
}

// Changed records the result of a committed change, for the error of an operation that ends after it.
func (b *Budget) Changed(result any) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changes = append(b.changes, result)
}

// Changes returns the recorded results.
func (b *Budget) Changes() []any {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changes
}
