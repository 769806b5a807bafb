package job

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/rule"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
)

// Queue records changes that run in the background. They wait in the database, so any server can record and any can run
// them.
type Queue struct {
	recorder  *Recorder
	encrypter *Encrypter
	wake      chan struct{} // wakes a worker of this server
	// Clock returns the time for leases. The default is the machine's clock; if the clocks of servers may differ, it is the
	// database's.
	Clock func(context.Context) (time.Time, error)
}

// NewQueue returns a queue whose jobs r records.
func NewQueue(r *Recorder, e *Encrypter) *Queue {
	return &Queue{recorder: r, encrypter: e, wake: make(chan struct{}, 1), Clock: func(context.Context) (time.Time, error) { return now(), nil }}
}

// Start records a job with its encrypted payload for a worker, and returns it at once. It first makes every check that Do
// makes before calling another system, with the same errors.
func (q *Queue) Start(ctx context.Context, c Change, payload []byte) (*ent.Job, error) {
	a := newAttempt(&c)
	limited, cancel, err := a.authorizeAndLimit(ctx)
	defer cancel()
	if err != nil {
		return nil, q.recorder.fail(ctx, a, err)
	}
	waiting, err := q.add(limited, a, payload)
	if err != nil {
		return nil, q.recorder.fail(ctx, a, timeoutCause(limited, err))
	}
	select {
	case q.wake <- struct{}{}:
	default: // a worker polls anyway
	}
	return Detach(ctx, waiting), nil
}

func (q *Queue) add(ctx context.Context, a *attempt, payload []byte) (waiting *ent.Job, err error) {
	if err := a.check(ctx, q.recorder.Client); err != nil {
		return nil, err
	}
	sealed, err := q.encrypter.Seal(ctx, a.id[:], payload)
	if err != nil {
		return nil, err
	}
	err = q.recorder.InTx(ctx, func(ctx context.Context, tx *ent.Client) error {
		if err := a.checkParent(ctx, tx); err != nil {
			return err
		}
		row, err := a.draftRow(ctx, tx)
		if err != nil {
			return err
		}
		waiting, err = row.SetNillableCustomerID(a.CustomerID).SetStatus(job.StatusWAITING).SetSealed(sealed).Save(ctx)
		return err
	})
	return waiting, err
}

// Cancel cancels a waiting job. Its user and administrators may do that.
func (q *Queue) Cancel(ctx context.Context, in model.CancelJobInput) (*model.CancelJobPayload, error) {
	out := &model.CancelJobPayload{}
	var err error
	allowed := func(ctx context.Context) error {
		_, err := cancellable(ctx, q.recorder.Client, in.JobID)
		return err
	}
	out.Job, err = q.recorder.Do(ctx, Change{Action: "cancelJob", Input: in, Execution: in.Execution, Authorize: allowed},
		func(ctx context.Context, tx *ent.Client, _ *Record) (err error) {
			out.CancelledJob, err = cancelWaiting(ctx, tx, in.JobID)
			return err
		})
	if err != nil {
		return nil, err
	}
	q.recorder.Finished(ctx, out.CancelledJob.Action, job.StatusERROR)
	out.CancelledJob = Detach(ctx, out.CancelledJob)
	return out, nil
}

// cancellable returns a job that the caller may cancel.
func cancellable(ctx context.Context, client *ent.Client, id uuid.UUID) (*ent.Job, error) {
	found, err := client.Job.Get(ctx, id)
	if err != nil {
		return nil, ent.Missing(err, "job", id)
	}
	if !rule.IsOwnJob(ctx, found) {
		return nil, rule.Forbidden()
	}
	return found, nil
}

func cancelWaiting(ctx context.Context, tx *ent.Client, id uuid.UUID) (*ent.Job, error) {
	found, err := cancellable(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	ended, err := tx.Job.UpdateOne(found).Where(job.StatusEQ(job.StatusWAITING)).
		SetStatus(job.StatusERROR).SetError("CANCELLED: The job was cancelled").
		SetEndedAt(now()).ClearSealed().ClearLeaseUntil().Save(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.Conflict, "The job %s does not wait", id).On("jobId")
	}
	return ended, err
}
