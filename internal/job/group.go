package job

import (
	"context"
	"errors"
	"fmt"

	"cloudapi/ent"
	"cloudapi/ent/job"
)

// ErrNotGrouped says that nothing was made of a change that would have been made
// together with others: it is still to be made by itself, with Do.
var ErrNotGrouped = errors.New("job: to be made alone")

// GroupedChange is a change that is made together with others. It has no work outside of
// the database, no parent and no time of its own.
type GroupedChange struct {
	*attempt
	// Job is the change's own job, once it is made.
	Job *ent.Job

	ctx context.Context
}

// Join notes a change that is asked for now and made later, in company but with
// the rights of ctx: its job begins now, also where Do makes it in the end.
func Join(ctx context.Context, c *Change) *GroupedChange {
	c.asked = now()
	return &GroupedChange{attempt: newAttempt(c), ctx: ctx}
}

// Context is that of whoever asks.
func (j *GroupedChange) Context() context.Context { return j.ctx }

// Record writes the job, which is done now.
func (j *GroupedChange) Record(ctx context.Context, client *ent.Client) (*ent.JobCreate, error) {
	row, err := j.draft(ctx, client)
	if err != nil {
		return nil, err
	}
	row.SetNillableCustomerID(j.CustomerID).SetStatus(job.StatusDONE).SetEndedAt(now())
	j.Job, err = row.Save(ctx)
	return row, err
}

// Together makes changes in one transaction, all or none. An error that is
// ErrNotGrouped leaves no trace of any; another one came with the commit, and nobody
// may know whether they are kept: Fail tells their callers.
func (r *Recorder) Together(ctx context.Context, work func(context.Context, *ent.Client) error) error {
	committing := false
	err := r.InTx(ctx, func(ctx context.Context, tx *ent.Client) error {
		if err := work(ctx, tx); err != nil {
			return err
		}
		if err := inTime(ctx); err != nil {
			return err
		}
		committing = true
		return nil
	})
	if err != nil && !committing {
		return fmt.Errorf("%w: %w", ErrNotGrouped, err)
	}
	return err
}

// Done tells that a change is kept.
func (r *Recorder) Done(j *GroupedChange) { r.Finished(j.ctx, j.Action, job.StatusDONE) }

// Fail records that a change has come to nothing, and returns what its caller is
// told.
func (r *Recorder) Fail(j *GroupedChange, err error) error {
	_ = j.authorize(j.ctx) // err matters, and whether the caller may is kept
	return r.fail(j.ctx, j.attempt, cause(j.ctx, err))
}
