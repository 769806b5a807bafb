package job

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// Recorder makes changes and records them.
type Recorder struct {
	Client *ent.Client
	Log    *slog.Logger
	// Classify turns an error of the database into a fault.
	Classify func(error) *fault.Fault
	// Finished hears of each job that has ended, nil for nobody.
	Finished func(ctx context.Context, action string, status job.Status)
}

// Do makes a change and returns its job. The work, the job's row and nothing
// else are one transaction: that of the context where there is one, its own
// otherwise. A change that fails leaves a job with status ERROR and no other
// trace. Errors are faults.
func (r *Recorder) Do(ctx context.Context, c Change, work Work) (*ent.Job, error) {
	id, started := mixin.NewID(), c.asked
	if started.IsZero() {
		started = now()
	}
	limited, cancel, err := c.limit(ctx)
	if err != nil {
		return nil, r.fail(ctx, &c, id, started, err)
	}
	defer cancel()
	done, err := r.attempt(limited, &c, id, started, work)
	if err != nil {
		return nil, r.fail(ctx, &c, id, started, cause(limited, err))
	}
	r.finished(ctx, c.Action, job.StatusDONE)
	return done, nil
}

func (r *Recorder) attempt(ctx context.Context, c *Change, id uuid.UUID, started time.Time, work Work) (*ent.Job, error) {
	if c.Ask != nil {
		if err := c.checkParent(ctx, r.Client); err != nil {
			return nil, err
		}
		if err := c.Ask(ctx, id); err != nil {
			return nil, err
		}
	}
	var done *ent.Job
	err := r.InTx(ctx, func(ctx context.Context, tx *ent.Client) error {
		if err := c.checkParent(ctx, tx); err != nil {
			return err
		}
		rec := &Record{JobID: id, CustomerID: c.CustomerID, ObjectID: c.ObjectID}
		if err := work(ctx, tx, rec); err != nil {
			return err
		}
		c.CustomerID, c.ObjectID = rec.CustomerID, rec.ObjectID
		row, err := c.draft(ctx, tx, id, started)
		if err != nil {
			return err
		}
		if rec.Result != nil {
			row.SetResult(rec.Result)
		}
		if done, err = row.SetStatus(job.StatusDONE).SetEndedAt(now()).Save(ctx); err != nil {
			return err
		}
		return inTime(ctx)
	})
	if err != nil {
		return nil, err
	}
	return Settled(ctx, done), nil
}

// Settled returns a row that a change has given, for use after it: detached
// from the change's own transaction, but not from one that is the context's
// and goes on.
func Settled[E interface{ Unwrap() E }](ctx context.Context, row E) E {
	if ent.TxFromContext(ctx) != nil {
		return row
	}
	return row.Unwrap()
}

// InTx runs work in the transaction of the context, or in one of its own that
// is committed when work returns nil.
func (r *Recorder) InTx(ctx context.Context, work func(context.Context, *ent.Client) error) (err error) {
	if tx := ent.TxFromContext(ctx); tx != nil {
		return work(ctx, tx.Client())
	}
	tx, err := r.Client.Tx(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The reason to roll back is what the caller hears of.
			_ = tx.Rollback()
		}
	}()
	if err := work(ent.NewTxContext(ctx, tx), tx.Client()); err != nil {
		return err
	}
	return tx.Commit()
}

// fail records a change that came to nothing, and returns what its caller is
// told.
func (r *Recorder) fail(ctx context.Context, c *Change, id uuid.UUID, started time.Time, err error) error {
	f := r.Classify(err)
	r.finished(ctx, c.Action, job.StatusERROR)
	if viewer.FromContext(ctx) == nil {
		return f
	}
	if recorded := r.recordFailure(ctx, c, id, started, f); recorded != nil {
		r.Log.WarnContext(ctx, "a failed change could not be recorded", "action", c.Action, "error", recorded)
	} else {
		f = copyOf(f).With("jobId", id.String())
	}
	return c.told(f)
}

// recordFailure writes the ERROR row, even when the caller's time is over, and,
// where the whole request is one transaction, after that has ended.
func (r *Recorder) recordFailure(ctx context.Context, c *Change, id uuid.UUID, started time.Time, f *fault.Fault) error {
	write := func() error {
		ctx, cancel := context.WithDeadline(context.WithoutCancel(ent.NewTxContext(ctx, nil)), recordBy(ctx))
		defer cancel()
		row, err := c.draft(ctx, r.Client, id, started)
		if err != nil {
			return err
		}
		return row.SetStatus(job.StatusERROR).SetError(reason(f)).SetEndedAt(now()).Exec(ctx)
	}
	if tx := ent.TxFromContext(ctx); tx != nil {
		tx.OnRollback(func(next ent.Rollbacker) ent.Rollbacker {
			return ent.RollbackFunc(func(ctx context.Context, tx *ent.Tx) error {
				return errors.Join(next.Rollback(ctx, tx), write())
			})
		})
		return nil
	}
	return write()
}

// recordBy is when the record of a failure must be written. A caller whose time
// is over waits for it no longer than recordLate, and neither does the database
// work longer for one who has hung up: if it has fallen silent or is locked, it
// would not take the record anyway.
func recordBy(ctx context.Context) time.Time {
	by, least := time.Now().Add(recordTime), time.Now().Add(recordLate)
	end, limited := ctx.Deadline()
	switch {
	case ctx.Err() != nil || limited && end.Before(least):
		return least
	case limited && end.Before(by):
		return end
	default:
		return by
	}
}

// told is the fault as its caller hears it: the caller's own words where it
// gave some (userErrormsg).
func (c *Change) told(f *fault.Fault) *fault.Fault {
	if own := c.params().UserErrormsg; own != nil && *own != "" {
		told := copyOf(f)
		told.Message, told.Field, told.Cause = *own, "", f
		return told
	}
	return f
}

func copyOf(f *fault.Fault) *fault.Fault {
	c := *f
	c.Details = make(map[string]any, len(f.Details)+1)
	for k, v := range f.Details {
		c.Details[k] = v
	}
	return &c
}

// reason is the real cause, as the job keeps it. The text of a foreign error
// stays in the log: it may hold what nobody should read.
func reason(f *fault.Fault) string { return string(f.Code) + ": " + f.Message }

// inTime refuses a change whose time is over, before it is kept: what ended just
// after its time may not have heard of it yet.
func inTime(ctx context.Context) error {
	end, limited := ctx.Deadline()
	if !limited || time.Now().Before(end) {
		return nil
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// cause prefers why the time was up to what broke because of it.
func cause(ctx context.Context, err error) error {
	if late := context.Cause(ctx); late != nil && fault.Is(late, fault.Timeout) {
		return late
	}
	return err
}

func (r *Recorder) finished(ctx context.Context, action string, status job.Status) {
	if r.Finished != nil {
		r.Finished(ctx, action, status)
	}
}
