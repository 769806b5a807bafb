package job

import (
	"context"
	"errors"
	"time"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// The time limits for recording a failure.
const (
	recordTimeout     = 5 * time.Second
	lateRecordTimeout = 500 * time.Millisecond
)

// fail records a failed change, and returns the error for its caller.
func (r *Recorder) fail(ctx context.Context, a *attempt, err error) error {
	f := r.Classify(err)
	if operationEnded(ctx) {
		return f
	}
	r.Finished(ctx, a.Action, job.StatusERROR)
	if viewer.FromContext(ctx) == nil {
		return f
	}
	if recorded := r.recordFailure(ctx, a, f); recorded != nil {
		r.Log.WarnContext(ctx, "a failed change could not be recorded", "action", a.Action, "error", recorded)
	} else {
		f = clone(f).With("jobId", a.id.String())
	}
	return a.withUserMessage(f)
}

// recordFailure writes the row with the status ERROR, even if the caller's time is over. If the whole operation is one
// transaction, it writes the row after that has ended.
func (r *Recorder) recordFailure(ctx context.Context, a *attempt, f *fault.Fault) error {
	write := func() error {
		ctx, cancel := context.WithDeadline(context.WithoutCancel(outsideTx(ctx)), recordBy(ctx))
		defer cancel()
		row, err := a.failedRow(ctx, r.Client, f)
		if err != nil {
			return err
		}
		return row.SetStatus(job.StatusERROR).SetEndedAt(now()).Exec(ctx)
	}
	if tx := transaction(ctx); tx != nil {
		tx.OnRollback(func(next ent.Rollbacker) ent.Rollbacker {
			return ent.RollbackFunc(func(ctx context.Context, tx *ent.Tx) error {
				return errors.Join(next.Rollback(ctx, tx), write())
			})
		})
		return nil
	}
	return write()
}

// recordBy returns when the record of a failure must be written. If the caller's time is over, or the caller is gone, the
// limit is lateRecordTimeout: a silent or locked database would not accept the record anyway.
func recordBy(ctx context.Context) time.Time {
	by, least := time.Now().Add(recordTimeout), time.Now().Add(lateRecordTimeout)
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

// withUserMessage returns the fault with the caller's own text, if there is one (userErrormsg).
func (c *Change) withUserMessage(f *fault.Fault) *fault.Fault {
	if own := c.params().UserErrormsg; own != nil && *own != "" {
		shown := clone(f)
		shown.Message, shown.Field, shown.Cause = *own, "", f
		return shown
	}
	return f
}

func clone(f *fault.Fault) *fault.Fault {
	c := *f
	c.Details = make(map[string]any, len(f.Details)+1)
	for k, v := range f.Details {
		c.Details[k] = v
	}
	return &c
}
