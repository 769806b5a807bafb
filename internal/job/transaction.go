package job

import (
	"context"
	"errors"
	"sync/atomic"

	"cloudapi/ent"
	"cloudapi/internal/fault"
)

// BeforeTx proves that a change's transaction has not begun. Functions that call another system, or take long, need one as
// an argument, so that they cannot run within a transaction, where they would hold locks and a connection.
type BeforeTx struct{ ended *atomic.Bool }

// Check returns an error if the stage has ended and the BeforeTx was kept.
func (b BeforeTx) Check() error {
	if b.ended == nil || b.ended.Load() {
		return fault.As(errors.New("job: a call to another system, not before the transaction"))
	}
	return nil
}

// Before runs the stage of a change before its transaction. It fails if an earlier change has begun the operation's
// transaction.
func Before(ctx context.Context, stage func(context.Context, BeforeTx) error) error {
	if InTransaction(ctx) {
		return fault.New(fault.Invalid, "With an Idempotency-Key this must be the first change of its operation").On("Idempotency-Key")
	}
	before := BeforeTx{new(atomic.Bool)}
	defer before.ended.Store(true)
	return stage(ctx, before)
}

// OperationTx is the single transaction of an operation with an Idempotency-Key. Its first change begins it, after the
// stage before the transaction. The changes of an operation run one after another.
type OperationTx struct {
	checkNotReplayed func(ctx context.Context) error
	begin            func() (*ent.Tx, error)
	tx               *ent.Tx
	err              error
}

type operationTxKey struct{}

// WithOperationTx returns a context in which all changes are made in one transaction, which begin begins and the caller
// ends. checkNotReplayed is called before a change is checked and before the portal is called. It returns an error if
// the operation was already made; then changes fail with that error and create no job.
func WithOperationTx(ctx context.Context, checkNotReplayed func(context.Context) error, begin func() (*ent.Tx, error)) (context.Context, *OperationTx) {
	o := &OperationTx{checkNotReplayed: checkNotReplayed, begin: begin}
	return context.WithValue(ctx, operationTxKey{}, o), o
}

// Tx returns the transaction, nil if it has not begun, and the error of begin or checkNotReplayed.
func (o *OperationTx) Tx() (*ent.Tx, error) { return o.tx, o.err }

// Begin returns the transaction, and begins it if necessary.
func (o *OperationTx) Begin() (*ent.Tx, error) {
	if o.tx == nil && o.err == nil {
		o.tx, o.err = o.begin()
	}
	return o.tx, o.err
}

// checkNotReplayed returns an error if the operation of ctx was already made.
func checkNotReplayed(ctx context.Context) error {
	o := operationTx(ctx)
	if o == nil || o.tx != nil {
		return nil
	}
	if o.err == nil {
		o.err = o.checkNotReplayed(ctx)
	}
	return o.err
}

// operationEnded reports whether the operation of ctx has ended without this change.
func operationEnded(ctx context.Context) bool {
	o := operationTx(ctx)
	return o != nil && o.err != nil
}

func operationTx(ctx context.Context) *OperationTx {
	o, _ := ctx.Value(operationTxKey{}).(*OperationTx)
	return o
}

// InTransaction reports whether the transaction of ctx has begun.
func InTransaction(ctx context.Context) bool { return transaction(ctx) != nil }

// transaction returns the transaction of ctx if it has begun, otherwise nil.
func transaction(ctx context.Context) *ent.Tx {
	if tx := ent.TxFromContext(ctx); tx != nil {
		return tx
	}
	if o := operationTx(ctx); o != nil {
		return o.tx
	}
	return nil
}

// outsideTx returns ctx without its transaction, for rows that do not depend on its outcome.
func outsideTx(ctx context.Context) context.Context {
	return context.WithValue(ent.NewTxContext(ctx, nil), operationTxKey{}, (*OperationTx)(nil))
}
