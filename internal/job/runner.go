package job

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/ent/predicate"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// Task is what a handler makes of a job: what to ask outside of the database,
// and the change itself.
type Task struct {
	Ask  func(ctx context.Context, jobID uuid.UUID) error
	Work Work
}

// Handler turns what was sealed with a job into its task.
type Handler func(customerID uuid.UUID, sealed []byte) (Task, error)

// The lease of a job: a replica that died is given up after Lease, and an idle
// replica looks for left work every Poll.
const (
	Lease = 30 * time.Second
	Poll  = 2 * time.Second
)

// Runner runs jobs that nobody waits for. Any number of runners may share a
// database: a job is leased in it by one guarded statement, run, and ended in
// the transaction that makes its change. Where a runner died in the middle
// another runs the job again.
type Runner struct {
	Recorder *Recorder
	Sealer   *Encrypter
	Handlers map[string]Handler
	Log      *slog.Logger

	owner uuid.UUID
	wake  chan struct{}
	once  sync.Once
}

func (r *Runner) init() {
	r.once.Do(func() { r.owner, r.wake = uuid.New(), make(chan struct{}, 1) })
}

// Start records a job that goes on by itself, with what it needs sealed, and
// returns it at once.
func (r *Runner) Start(ctx context.Context, c Change, payload []byte) (*ent.Job, error) {
	r.init()
	id, started := mixin.NewID(), now()
	var waiting *ent.Job
	err := r.Recorder.InTx(ctx, func(ctx context.Context, tx *ent.Client) error {
		if err := c.checkParent(ctx, tx); err != nil {
			return err
		}
		row, err := c.draft(ctx, tx, id, started)
		if err != nil {
			return err
		}
		sealed, err := r.Sealer.Seal(ctx, id[:], payload)
		if err != nil {
			return err
		}
		if limited := c.params().Maxduration; limited != nil {
			if _, cancel, err := c.limit(ctx); err != nil {
				return err
			} else {
				cancel()
			}
			row.SetDeadline(started.Add(time.Duration(*limited * float64(time.Second))))
		}
		waiting, err = row.SetStatus(job.StatusWAITING).SetSealed(sealed).Save(ctx)
		return err
	})
	if err != nil {
		return nil, r.Recorder.fail(ctx, &c, id, started, err)
	}
	r.nudge()
	return Settled(ctx, waiting), nil
}

func (r *Runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run runs jobs until ctx ends, and then the one it has begun to its end.
func (r *Runner) Run(ctx context.Context) {
	r.init()
	tick := time.NewTicker(Poll)
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			again, err := r.next(viewer.SystemContext(ctx))
			if err != nil && ctx.Err() == nil {
				r.Log.WarnContext(ctx, "looking for work", "error", err)
			}
			if !again || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-r.wake:
		}
	}
}

// open are the jobs that somebody should run: begun by nobody, or by somebody
// whose lease is over. That they are not done says the condition of an index, in
// its own words, so that it serves whatever the values of the others are.
func open(at time.Time) predicate.Job {
	return job.And(
		func(s *sql.Selector) { s.Where(sql.ExprP("status <> 'DONE'")) },
		job.StatusIn(job.StatusWAITING, job.StatusRUNNING),
		job.Or(job.LeaseUntilIsNil(), job.LeaseUntilLT(at)),
	)
}

// next leases one job and runs it; it reports whether there was one.
func (r *Runner) next(ctx context.Context) (bool, error) {
	candidates, err := r.Recorder.Client.Job.Query().
		Where(open(now())).Order(job.ByID()).Limit(8).IDs(ctx)
	if err != nil {
		return false, err
	}
	for _, id := range candidates {
		at := now()
		leased, err := r.Recorder.Client.Job.Update().
			Where(job.ID(id), open(at)).
			SetStatus(job.StatusRUNNING).
			SetLeaseOwner(r.owner).
			SetLeaseUntil(at.Add(Lease)).
			AddAttempts(1).
			Save(ctx)
		if err != nil {
			return false, err
		}
		if leased == 1 {
			return true, r.run(context.WithoutCancel(ctx), id)
		}
	}
	return false, nil
}

// run carries a leased job out. It has as long as its lease, or its caller's
// maxduration.
func (r *Runner) run(ctx context.Context, id uuid.UUID) error {
	j, err := r.Recorder.Client.Job.Get(ctx, id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	if j.Deadline != nil {
		late := fault.New(fault.Timeout, "Given up after maxduration; nothing of it is kept").On("maxduration")
		ctx, cancel = context.WithDeadlineCause(ctx, *j.Deadline, late)
		defer cancel()
	}
	err = r.carryOut(ctx, j)
	if err == nil {
		r.Recorder.finished(ctx, j.Action, job.StatusDONE)
		return nil
	}
	return r.giveUp(ctx, j, r.Recorder.Classify(cause(ctx, err)))
}

func (r *Runner) carryOut(ctx context.Context, j *ent.Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	payload, err := r.Sealer.Open(ctx, j.ID[:], *j.Sealed)
	if err != nil {
		return err
	}
	handler, ok := r.Handlers[j.Action]
	if !ok {
		return fault.New(fault.Internal, "no handler for %s", j.Action)
	}
	task, err := handler(*j.CustomerID, payload)
	if err != nil {
		return err
	}
	if err := task.Ask(ctx, j.ID); err != nil {
		return err
	}
	return r.Recorder.InTx(ctx, func(ctx context.Context, tx *ent.Client) error {
		rec := &Record{JobID: j.ID}
		if err := task.Work(ctx, tx, rec); err != nil {
			return err
		}
		end := tx.Job.Update().Where(job.ID(j.ID), r.mine()).
			SetStatus(job.StatusDONE).SetEndedAt(now()).ClearSealed().ClearLeaseUntil()
		if rec.Result != nil {
			end.SetResult(rec.Result)
		}
		ended, err := end.Save(ctx)
		if err == nil && ended == 0 {
			err = fault.New(fault.Conflict, "the job was taken over by another server")
		}
		return err
	})
}

// mine holds for a job that this runner still leases.
func (r *Runner) mine() predicate.Job {
	return job.And(job.LeaseOwner(r.owner), job.StatusEQ(job.StatusRUNNING))
}

// giveUp ends a job with its cause. While the portal or the database is away it
// is left for later instead, up to maxAttempts times.
func (r *Runner) giveUp(ctx context.Context, j *ent.Job, f *fault.Fault) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	up := r.Recorder.Client.Job.Update().Where(job.ID(j.ID), r.mine())
	if passing(f) && j.Attempts < maxAttempts && (j.Deadline == nil || j.Deadline.After(now())) {
		return up.SetStatus(job.StatusWAITING).
			SetLeaseUntil(now().Add(time.Duration(j.Attempts) * Poll)).
			SetError(reason(f)).Exec(ctx)
	}
	r.Recorder.finished(ctx, j.Action, job.StatusERROR)
	return up.SetStatus(job.StatusERROR).SetError(reason(f)).
		SetEndedAt(now()).ClearSealed().ClearLeaseUntil().Exec(ctx)
}

const maxAttempts = 10

func passing(f *fault.Fault) bool {
	return f.Code == fault.Unavailable || f.Code == fault.Internal
}
