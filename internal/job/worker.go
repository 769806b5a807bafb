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

// Task is what a handler makes of a job: a change without its record.
type Task struct {
	// Check checks all that does not need another system.
	Check func(ctx context.Context) error
	// Before is the stage before the transaction.
	Before func(ctx context.Context, before BeforeTx, jobID uuid.UUID) error
	// Work is the stage within it.
	Work Work
}

// Handler makes the task of a job from its customer and its payload.
type Handler func(customerID uuid.UUID, payload []byte) (Task, error)

// Lease is how long a worker has for a job; the job of a worker that died is
// taken over after it. Poll is how often an idle worker looks for jobs.
const (
	Lease = 30 * time.Second
	Poll  = 2 * time.Second
)

// Worker makes changes that nobody waits for, as their users. Any number of
// workers may share a database: a job is leased in it by one guarded statement,
// run, and ended in the transaction that makes its change.
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

// Run runs jobs until ctx ends, and then the one it has begun to its end.
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
		case <-w.queue.added:
		}
	}
}

// open are the jobs that a worker may take: begun by none, or by one whose
// lease is over. That they are not done is said in the words of an index's
// condition, so that it serves whatever the values of the others are.
func open(at time.Time) predicate.Job {
	return job.And(
		func(s *sql.Selector) { s.Where(sql.ExprP("status <> 'DONE'")) },
		job.StatusIn(job.StatusWAITING, job.StatusRUNNING),
		job.Or(job.LeaseUntilIsNil(), job.LeaseUntilLT(at)),
	)
}

// mine are the jobs that this worker still leases.
func (w *Worker) mine() predicate.Job {
	return job.And(job.LeaseOwner(w.id), job.StatusEQ(job.StatusRUNNING))
}

// next leases one job and runs it; it reports whether there was one.
func (w *Worker) next(ctx context.Context) (bool, error) {
	at, err := w.queue.Clock(ctx)
	if err != nil {
		return false, err
	}
	candidates, err := w.recorder.Client.Job.Query().
		Where(open(at)).Order(job.ByID()).Limit(8).Select(job.FieldID, job.FieldStatus).All(ctx)
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

// lease takes a job. One that was running has outlived its worker.
func (w *Worker) lease(ctx context.Context, j *ent.Job, at time.Time) (bool, error) {
	up := w.recorder.Client.Job.Update().
		Where(job.ID(j.ID), open(at), job.StatusEQ(j.Status)).
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
