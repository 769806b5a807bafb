package customer

import (
	"context"
	"errors"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/batch"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
)

// CapacityBatcher adds units of capacity, those that come at the same time with one
// commit. What cannot be made in company, whatever the reason, is left to be
// made alone, so that its caller hears the same as ever.
type CapacityBatcher struct {
	jobs   *job.Recorder
	queues *batch.Group[queueKey, *addition, struct{}]
	make   maker
}

// queueKey names a queue of additions: that of one customer, or the common one.
type queueKey struct {
	customer uuid.UUID
	own      bool
}

// maker makes additions: those that it gives the outcome nil, and none where it
// returns an error. One that is job.ErrAlone leaves no trace of any; with another
// one nobody may know what is kept.
type maker func(ctx context.Context, queue queueKey, all []*addition) error

// common is the queue of everything that waits for nobody. An addition to a
// customer that somebody else is changing goes on in a queue of that customer's
// own, where it may wait without holding up others.
var common = queueKey{}

// errLocked says that somebody else is changing the customer, or that it is not
// there.
var errLocked = errors.New("customer: held by another change")

// addition is one unit to add.
type addition struct {
	*job.GroupedChange
	kind capacityunit.Kind
	in   model.AddCapacityAvailableInput
	// What became of it: whether it was in an execution at all, and where that
	// ended with no error, what was made.
	run      bool
	outcome  error
	customer *ent.Customer
	unit     *ent.CapacityUnit
}

// NewCapacityBatcher returns additions that are made on a database and recorded by
// jobs; executed hears how many were made together, nil for nobody.
func NewCapacityBatcher(d dialect.Driver, jobs *job.Recorder, executed func(int)) *CapacityBatcher {
	a := &CapacityBatcher{jobs: jobs, make: (&oneTransaction{d, jobs}).make}
	if d.Dialect() == dialect.Postgres {
		a.make = (&singleStatement{d}).make
	}
	a.queues = batch.New(batch.Options{WaitForResult: true, Executed: executed}, a.run)
	return a
}

// Present is how many additions are waited for at the moment.
func (a *CapacityBatcher) Present() int { return a.queues.Present() }

// add adds a unit, or returns job.ErrAlone where that has to be done alone: when
// the caller has said more of the job, or has a transaction of its own.
func (a *CapacityBatcher) add(ctx context.Context, c *job.Change, kind capacityunit.Kind, in model.AddCapacityAvailableInput) (*model.AddCapacityAvailablePayload, error) {
	if a == nil || !plain(in.Execution) || job.InOneOperation(ctx) || viewer.FromContext(ctx) == nil {
		return nil, job.ErrNotGrouped
	}
	m := &addition{GroupedChange: job.Join(ctx, c), kind: kind, in: in}
	_, err := a.queues.Do(ctx, common, m)
	if errors.Is(err, errLocked) {
		m.run = false
		_, err = a.queues.Do(ctx, queueKey{customer: in.CustomerID, own: true}, m)
	}
	switch {
	case err == nil:
		a.jobs.Done(m.GroupedChange)
		return &model.AddCapacityAvailablePayload{Customer: m.customer, CapacityUnit: m.unit, Job: m.Job}, nil
	case errors.Is(err, job.ErrNotGrouped), !m.run:
		return nil, job.ErrNotGrouped
	default:
		return nil, a.jobs.Fail(m.GroupedChange, err)
	}
}

// plain reports whether the caller has said nothing of the job. Old URLs always
// have an execution, of nulls.
func plain(ex *model.ExecutionInput) bool { return ex == nil || *ex == model.ExecutionInput{} }

// run makes the additions of a queue, in the time that each of them has.
func (a *CapacityBatcher) run(ctx context.Context, queue queueKey, all []*addition) []batch.Result[struct{}] {
	present := make([]*addition, 0, len(all))
	for _, m := range all {
		m.run, m.outcome = true, job.ErrNotGrouped
		if m.Context().Err() == nil {
			present = append(present, m)
		}
	}
	ctx, cancel := shortest(ctx, present)
	defer cancel()
	err := a.make(ctx, queue, present)
	if err != nil && queue != common && ctx.Err() == nil {
		if late := a.jobs.Classify(err); late.Code == fault.Timeout {
			// Each would wait as long once more for the same customer.
			err = late
		}
	}
	results := make([]batch.Result[struct{}], len(all))
	for i, m := range all {
		if results[i].Err = m.outcome; err != nil {
			results[i].Err = err
		}
	}
	return results
}

// shortest returns a context that ends when the first of the additions' does.
func shortest(ctx context.Context, all []*addition) (context.Context, context.CancelFunc) {
	var first time.Time
	for _, m := range all {
		if end, limited := m.Context().Deadline(); limited && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	if first.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, first)
}
