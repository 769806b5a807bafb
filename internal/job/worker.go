package job

import (
	"context"
	"log/slog"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/predicate"
	"cloudapi/internal/viewer"
)

// Task is a change made by a handler, without its record.
type Task struct {
	// Check makes all checks that need no other system.
	Check func(ctx context.Context) error
	// Before is the stage before the transaction.
	Before func(ctx context.Context, before BeforeTx, jobID uuid.UUID) error
	// Work is the stage within the transaction.
	Work Work
}

// Handler returns the task for a job's customer and payload.
type Handler func(customerID uuid.UUID, payload []byte) (Task, error)

// Lease is how long a worker may use for a job; after that, another worker takes over the job of one that died. Poll is how
// often an idle worker looks for jobs.
const (
	Lease = 30 * time.Second
	Poll  = 2 * time.Second
)

// Worker runs background jobs with the rights of their users. Any number of workers may share a database: a guarded
// statement leases a job, and the transaction of its change ends it.
type Worker struct {
	queue    *Queue
	recorder *Recorder
	handlers map[string]Handler
	log      *slog.Logger
	id       uuid.UUID
}

// NewWorker returns a worker on a queue, with a handler for each action.
func NewWorker(q *Queue, handlers map[string]Handler) *Worker {
	return &Worker{queue: q, recorder: q.recorder, handlers: handlers, log: q.recorder.Log, id: uuid.New()}
}

// Run runs jobs until ctx ends, and then finishes the current one.
func (w *Worker) Run(ctx context.Context) error {
	tick := time.NewTicker(Poll)
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			again, err := w.next(viewer.SystemContext(ctx))
			if err != nil && ctx.Err() == nil {
				w.log.WarnContext(ctx, "looking for work", "error", err)
			}
			if !again || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-w.queue.wake:
		}
	}
}

// available selects the jobs that a worker may take: those not begun, and those whose lease has expired. It repeats the condition
// of a partial index, so that PostgreSQL can use the index for any values.
func available(at time.Time) predicate.Job {
	return job.And(
		func(s *sql.Selector) { s.Where(sql.ExprP("status <> 'DONE'")) },
		job.StatusIn(job.StatusWAITING, job.StatusRUNNING),
		job.Or(job.LeaseUntilIsNil(), job.LeaseUntilLT(at)),
	)
}

// leasedByThis selects the running jobs that this worker leases.
func (w *Worker) leasedByThis() predicate.Job {
	return job.And(job.LeaseOwner(w.id), job.StatusEQ(job.StatusRUNNING))
}

// next leases and runs one job, and reports whether there was one.
func (w *Worker) next(ctx context.Context) (bool, error) {
	at, err := w.queue.Clock(ctx)
	if err != nil {
		return false, err
	}
	candidates, err := w.recorder.Client.Job.Query().
		Where(available(at)).Order(job.ByID()).Limit(8).Select(job.FieldID, job.FieldStatus).All(ctx)
	if err != nil {
		return false, err
	}
	for _, j := range candidates {
		leased, err := w.lease(ctx, j, at)
		if err != nil {
			return false, err
		}
		if leased {
			return true, w.run(context.WithoutCancel(ctx), j.ID)
		}
	}
	return false, nil
}

// lease leases a job. If it was running, its worker died.
func (w *Worker) lease(ctx context.Context, j *ent.Job, at time.Time) (bool, error) {
	up := w.recorder.Client.Job.Update().
		Where(job.ID(j.ID), available(at), job.StatusEQ(j.Status)).
		SetStatus(job.StatusRUNNING).
		SetLeaseOwner(w.id).
		SetLeaseUntil(at.Add(Lease)).
		AddAttempts(1)
	if j.Status == job.StatusRUNNING {
		up.AddDeaths(1)
	}
	leased, err := up.Save(ctx)
	return leased == 1, err
}
