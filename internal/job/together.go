package job

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/viewer"
)

// ErrAlone says that nothing was made of a change that would have shared a
// transaction: it is still to be made by itself, with Do.
var ErrAlone = errors.New("job: to be made alone")

// Joint is a change that shares its transaction with others.
type Joint struct {
	// Change is what is asked for; it has no work outside of the database, no
	// parent and no time of its own.
	Change Change
	// Job is the change's own job, once it is made.
	Job *ent.Job

	ctx     context.Context
	id      uuid.UUID
	started time.Time
}

// Join notes a change that is asked for now and made later, in company but with
// the rights of ctx: its job begins now.
func Join(ctx context.Context, c Change) *Joint {
	return &Joint{Change: c, ctx: ctx, id: mixin.NewID(), started: now()}
}

// Context is that of whoever asks.
func (j *Joint) Context() context.Context { return j.ctx }

// Together makes changes in one transaction, all that work makes or none, each
// with a job of its own, which work records. An error that is ErrAlone leaves
// no trace of any; another one came with the commit, and nobody may know
// whether they are kept: Fail tells their callers.
func (r *Recorder) Together(ctx context.Context, work func(context.Context, *ent.Client) ([]*Joint, error)) error {
	var made []*Joint
	committing := false
	err := r.InTx(ctx, func(ctx context.Context, tx *ent.Client) (err error) {
		if made, err = work(ctx, tx); err != nil {
			return err
		}
		if err := inTime(ctx); err != nil {
			return err
		}
		committing = true
		return nil
	})
	switch {
	case err != nil && committing:
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrAlone, err)
	}
	for _, j := range made {
		j.Job = Settled(ctx, j.Job)
		r.finished(ctx, j.Change.Action, job.StatusDONE)
	}
	return nil
}

// Record writes the jobs of changes that are made, in one statement.
func (r *Recorder) Record(ctx context.Context, tx *ent.Client, made []*Joint) error {
	rows := make([]*ent.JobCreate, len(made))
	ended := now()
	for i, j := range made {
		row, err := j.Change.draft(j.ctx, tx, j.id, j.started)
		if err != nil {
			return err
		}
		rows[i] = row.SetStatus(job.StatusDONE).SetEndedAt(ended)
		if err := job.Policy.EvalMutation(j.ctx, row.Mutation()); err != nil {
			return err
		}
	}
	jobs, err := tx.Job.CreateBulk(rows...).Save(viewer.SystemContext(ctx))
	if err != nil {
		return err
	}
	for i, j := range made {
		j.Job = jobs[i]
	}
	return nil
}

// Fail records that a change has come to nothing, and returns what its caller is
// told.
func (r *Recorder) Fail(j *Joint, err error) error {
	return r.fail(j.ctx, &j.Change, j.id, j.started, cause(j.ctx, err))
}
