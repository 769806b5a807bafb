package job

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
)

// How often a job is tried.
const (
	// maxAttempts is for jobs that fail because the portal or the database is unavailable.
	maxAttempts = 10
	// maxCrashes is for jobs whose servers ended while they ran the job, perhaps because of it.
	maxCrashes = 3
)

// run runs a leased job, for at most the time of its lease or its caller's maxduration. A panic ends only the job.
func (w *Worker) run(ctx context.Context, id uuid.UUID) error {
	j, err := w.recorder.Client.Job.Get(ctx, id)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	if j.Deadline != nil {
		timeout := fault.New(fault.Timeout, "Given up after maxduration; nothing of it is kept").On("maxduration")
		limited, cancel = context.WithDeadlineCause(limited, *j.Deadline, timeout)
		defer cancel()
	}
	err = service.Recovered(func() error { return w.execute(limited, j) })
	if err == nil {
		w.recorder.Finished(ctx, j.Action, job.StatusDONE)
		return nil
	}
	if panicked, ok := errors.AsType[*service.PanicError](err); ok {
		w.log.ErrorContext(ctx, "a job has panicked", "job", j.ID, "action", j.Action, "error", panicked)
	}
	return w.end(ctx, j, timeoutCause(limited, err))
}

// execute runs the stages that Do runs for a waiting caller.
func (w *Worker) execute(ctx context.Context, j *ent.Job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.Deaths >= maxCrashes {
		return fault.New(fault.Internal, "The server ended %d times while it ran the job", j.Deaths).Because(errCrashed)
	}
	task, err := w.task(ctx, j)
	if err != nil {
		return err
	}
	user, err := w.user(ctx, j)
	if err != nil {
		return err
	}
	ctx = viewer.NewContext(ctx, user)
	if err := task.Check(ctx); err != nil {
		return err
	}
	if err := Before(ctx, func(ctx context.Context, b BeforeTx) error { return task.Before(ctx, b, j.ID) }); err != nil {
		return err
	}
	return w.recorder.InTx(ctx, func(ctx context.Context, tx *ent.Client) error {
		rec := &Record{JobID: j.ID}
		if err := task.Work(ctx, tx, rec); err != nil {
			return err
		}
		return w.done(viewer.SystemContext(ctx), tx, j, rec)
	})
}

// errCrashed is the cause of a job that is given up after maxCrashes.
var errCrashed = errors.New("job: its servers died")

// task returns the handler's task for the job.
func (w *Worker) task(ctx context.Context, j *ent.Job) (Task, error) {
	handler, ok := w.handlers[j.Action]
	if !ok || j.Sealed == nil || len(*j.Sealed) == 0 || j.CustomerID == nil {
		return Task{}, fault.New(fault.Invalid, "A job %s cannot be run like this", j.Action)
	}
	payload, err := w.queue.encrypter.Open(ctx, j.ID[:], *j.Sealed)
	if err != nil {
		return Task{}, err
	}
	return handler(*j.CustomerID, payload)
}

// user returns the viewer of the job's user with its current role and groups. The job of a user who may no longer sign in
// fails.
func (w *Worker) user(ctx context.Context, j *ent.Job) (*viewer.Viewer, error) {
	if j.UserID == nil { // the server itself
		return viewer.FromContext(viewer.SystemContext(ctx)), nil
	}
	u, err := w.recorder.Client.CloudUser.Get(ctx, *j.UserID)
	switch {
	case ent.IsNotFound(err):
		return nil, fault.New(fault.Forbidden, "The user of the job is gone")
	case err != nil:
		return nil, err
	case u.Status == clouduser.StatusDISABLED:
		return nil, fault.New(fault.Forbidden, "The user of the job is disabled")
	}
	return &viewer.Viewer{ID: u.ID, Login: u.Login, Role: viewer.Role(u.Role)}, nil
}

// done ends a job in the transaction of its change.
func (w *Worker) done(ctx context.Context, tx *ent.Client, j *ent.Job, rec *Record) error {
	end := tx.Job.Update().Where(job.ID(j.ID), w.leasedByThis()).
		SetStatus(job.StatusDONE).SetError("").SetEndedAt(now()).ClearSealed().ClearLeaseUntil()
	if rec.Result != nil {
		end.SetResult(rec.Result)
	}
	ended, err := end.Save(ctx)
	if err == nil && ended == 0 {
		err = fault.New(fault.Conflict, "the job was taken over by another server")
	}
	return err
}

// end ends a job with a cause. If the portal or the database is unavailable, it schedules another attempt instead, up to
// maxAttempts times.
func (w *Worker) end(ctx context.Context, j *ent.Job, cause error) error {
	f := w.recorder.Classify(cause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	up := w.recorder.Client.Job.Update().Where(job.ID(j.ID), w.leasedByThis())
	at, err := w.queue.Clock(ctx)
	if err != nil {
		return err // another worker takes the job when its lease expires
	}
	if isTemporary(f) && j.Attempts < maxAttempts && (j.Deadline == nil || j.Deadline.After(now())) {
		return up.SetStatus(job.StatusWAITING).
			SetLeaseUntil(at.Add(time.Duration(j.Attempts) * Poll)).
			SetError(string(f.Code) + ": " + f.Message).Exec(ctx)
	}
	w.recorder.Finished(ctx, j.Action, job.StatusERROR)
	up.SetStatus(job.StatusERROR).SetError(string(f.Code) + ": " + f.Message).
		SetEndedAt(now()).ClearSealed().ClearLeaseUntil()
	if isRejected(f) {
		redactRejected(up, j, f)
	}
	return up.Exec(ctx)
}

// redactRejected removes from a rejected job what Do does not store for a rejected change.
func redactRejected(up *ent.JobUpdate, j *ent.Job, f *fault.Fault) {
	up.SetError(f.Reason()).SetParameters(onlyGUIDs(j.Parameters)).
		SetName("").SetDescription("").SetUserErrorMessage("").SetInternalErrorMessage("")
	if f.Code == fault.Forbidden || f.Code == fault.NotFound {
		up.ClearCustomerID()
	}
}

// isTemporary reports whether a later attempt may succeed.
func isTemporary(f *fault.Fault) bool {
	if _, panicked := errors.AsType[*service.PanicError](f); panicked || errors.Is(f, errCrashed) {
		return false
	}
	switch f.Code {
	case fault.Unavailable, fault.Internal, fault.TooMany:
		return true
	default:
		return false
	}
}
