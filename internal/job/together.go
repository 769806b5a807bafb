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

	id      uuid.UUID
	started time.Time
}

// Join notes a change that is asked for now and made later: its job begins now.
func Join(c Change) *Joint { return &Joint{Change: c, id: mixin.NewID(), started: now()} }

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

// Record writes the jobs of changes that one viewer has asked for and that are
// made, in one statement.
func (r *Recorder) Record(ctx context.Context, tx *ent.Client, made []*Joint) error {
	rows := make([]*ent.JobCreate, len(made))
	ended := now()
	for i, j := range made {
		row, err := j.Change.draft(ctx, tx, j.id, j.started)
		if err != nil {
			return err
		}
		rows[i] = row.SetStatus(job.StatusDONE).SetEndedAt(ended)
	}
	jobs, err := tx.Job.CreateBulk(rows...).Save(ctx)
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
func (r *Recorder) Fail(ctx context.Context, j *Joint, err error) error {
	return r.fail(ctx, &j.Change, j.id, j.started, cause(ctx, err))
}
