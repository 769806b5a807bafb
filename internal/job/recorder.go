package job

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/groupcommit"
	"cloudapi/internal/service"
)

// Options of a Recorder.
type Options struct {
	Client *ent.Client
	Log    *slog.Logger
	// Classify converts an error of the database to a fault.
	Classify func(error) *fault.Fault
	// Finished is called for each job that has ended; it may be nil.
	Finished func(ctx context.Context, action string, status job.Status)
	// Commits makes concurrent changes together; nil makes each separately.
	Commits *groupcommit.Committer
}

// Recorder makes changes while their callers wait, and records them.
type Recorder struct{ Options }

// NewRecorder returns a recorder.
func NewRecorder(o Options) *Recorder {
	if o.Finished == nil {
		o.Finished = func(context.Context, string, job.Status) {}
	}
	return &Recorder{o}
}

// Do makes a change and returns its job. The work and the job's row are one transaction: that of the operation if it has an
// Idempotency-Key, otherwise their own. A failed change leaves only a job with the status ERROR. Errors are faults.
func (r *Recorder) Do(ctx context.Context, c Change, work Work) (*ent.Job, error) {
	a := newAttempt(&c)
	limited, cancel, err := a.authorizeAndLimit(ctx)
	defer cancel()
	if err != nil {
		return nil, r.fail(ctx, a, err)
	}
	done, err := r.runStages(limited, a, work)
	if err != nil {
		return nil, r.fail(ctx, a, timeoutCause(limited, err))
	}
	r.Finished(ctx, c.Action, job.StatusDONE)
	for _, p := range a.parts {
		r.Finished(ctx, p.Action, job.StatusDONE)
	}
	return done, nil
}

// runStages runs the two stages of a change.
func (r *Recorder) runStages(ctx context.Context, a *attempt, work Work) (*ent.Job, error) {
	if err := a.check(ctx, r.Client); err != nil {
		return nil, err
	}
	if a.Before != nil {
		err := Before(ctx, func(ctx context.Context, before BeforeTx) error { return a.Before(ctx, before, a.id) })
		if err != nil {
			return nil, err
		}
	}
	var done *ent.Job
	err := r.inTx(ctx, a, func(ctx context.Context, tx *ent.Client) (err error) {
		if err := a.checkParent(ctx, tx); err != nil {
			return err
		}
		rec := &Record{JobID: a.id}
		if err := work(ctx, tx, rec); err != nil {
			return err
		}
		if done, err = a.recordDone(ctx, tx, rec); err != nil {
			return err
		}
		if err := a.recordParts(ctx, tx, rec.Parts); err != nil {
			return err
		}
		return checkDeadline(ctx)
	})
	if err != nil {
		return nil, err
	}
	return Detach(ctx, done), nil
}

// recordDone writes the job of a successful change.
func (a *attempt) recordDone(ctx context.Context, tx *ent.Client, rec *Record) (*ent.Job, error) {
	row, err := a.draftRow(ctx, tx)
	if err != nil {
		return nil, err
	}
	row.SetNillableCustomerID(a.CustomerID)
	if rec.CustomerID != uuid.Nil {
		row.SetCustomerID(rec.CustomerID)
		if a.ObjectID == nil {
			row.SetObjectID(rec.CustomerID)
		}
	}
	if rec.ObjectID != uuid.Nil {
		row.SetObjectID(rec.ObjectID)
	}
	if rec.Result != nil {
		row.SetResult(rec.Result)
	}
	return row.SetStatus(job.StatusDONE).SetEndedAt(now()).Save(ctx)
}

// Detach returns a row of a change for use after it. It detaches the row from the change's own transaction, but not from
// that of the operation, which continues.
func Detach[E interface{ Unwrap() E }](ctx context.Context, row E) E {
	if InTransaction(ctx) {
		return row
	}
	return row.Unwrap()
}

// InTx runs work in the transaction of the context, or in its own, which is committed when work returns nil. A panic of work
// is an error.
func (r *Recorder) InTx(ctx context.Context, work func(context.Context, *ent.Client) error) error {
	return r.inTx(ctx, nil, work)
}

// inTx is InTx for the work of a change, nil for other work.
func (r *Recorder) inTx(ctx context.Context, a *attempt, work func(context.Context, *ent.Client) error) (err error) {
	within := func(ctx context.Context, tx *ent.Tx) error {
		return service.Recovered(func() error { return work(ent.NewTxContext(ctx, tx), tx.Client()) })
	}
	tx := transaction(ctx)
	if o := operationTx(ctx); tx == nil && o != nil {
		if tx, err = o.Begin(); err != nil {
			return err
		}
	}
	if tx != nil {
		return within(ctx, tx)
	}
	return r.commit(ctx, a, func(ctx context.Context) error {
		tx, err := r.Client.Tx(ctx)
		if err != nil {
			return err
		}
		if err := within(ctx, tx); err != nil {
			// The error of the work takes precedence over that of the rollback.
			_ = tx.Rollback()
			return err
		}
		return tx.Commit()
	})
}

// checkDeadline rejects a change whose deadline has passed, before it is committed. Its context may not have ended yet.
func checkDeadline(ctx context.Context) error {
	end, limited := ctx.Deadline()
	if !limited || time.Now().Before(end) {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// timeoutCause returns the reason that the time was over, in preference to err, which resulted from it.
func timeoutCause(ctx context.Context, err error) error {
	if late := context.Cause(ctx); late != nil && fault.Is(late, fault.Timeout) {
		return late
	}
	return err
}
