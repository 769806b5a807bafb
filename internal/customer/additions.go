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

// Additions adds units of capacity, those that come at the same time with one
// commit. What cannot be made in company, whatever the reason, is left to be
// made alone, so that its caller hears the same as ever.
type Additions struct {
	jobs  *job.Recorder
	lanes *batch.Group[lane, *addition, struct{}]
	make  maker
}

// lane is a queue of additions: that of one customer, or the common one.
type lane struct {
	customer uuid.UUID
	own      bool
}

// maker makes additions: those that it gives the outcome nil, and none where it
// returns an error. One that is job.ErrAlone leaves no trace of any; with another
// one nobody may know what is kept.
type maker func(ctx context.Context, lane lane, all []*addition) error

// common is the lane of everything that waits for nobody. An addition to a
// customer that somebody else is changing goes on in a lane of that customer's
// own, where it may wait without holding up others.
var common = lane{}

// errHeld says that somebody else is changing the customer, or that it is not
// there.
var errHeld = errors.New("customer: held by another change")

// addition is one unit to add.
type addition struct {
	*job.Joint
	kind capacityunit.Kind
	in   model.AddCapacityAvailableInput
	// What became of it: whether it was in an execution at all, and where that
	// ended with no error, what was made.
	run      bool
	outcome  error
	customer *ent.Customer
	unit     *ent.CapacityUnit
}

// NewAdditions returns additions that are made on a database and recorded by
// jobs; executed hears how many were made together, nil for nobody.
func NewAdditions(d dialect.Driver, jobs *job.Recorder, executed func(int)) *Additions {
	a := &Additions{jobs: jobs, make: (&inTurn{d, jobs}).make}
	if d.Dialect() == dialect.Postgres {
		a.make = (&inOne{d}).make
	}
	a.lanes = batch.New(batch.Options{Stay: true, Executed: executed}, a.run)
	return a
}

// Present is how many additions are waited for at the moment.
func (a *Additions) Present() int { return a.lanes.Present() }

// add adds a unit, or returns job.ErrAlone where that has to be done alone: when
// the caller has said more of the job, or has a transaction of its own.
func (a *Additions) add(ctx context.Context, c *job.Change, kind capacityunit.Kind, in model.AddCapacityAvailableInput) (*model.AddCapacityAvailablePayload, error) {
	if a == nil || in.Execution != nil || ent.TxFromContext(ctx) != nil || viewer.FromContext(ctx) == nil {
		return nil, job.ErrAlone
	}
	m := &addition{Joint: job.Join(ctx, c), kind: kind, in: in}
	_, err := a.lanes.Do(ctx, common, m)
	if errors.Is(err, errHeld) {
		m.run = false
		_, err = a.lanes.Do(ctx, lane{in.CustomerID, true}, m)
	}
	switch {
	case err == nil:
		a.jobs.Done(m.Joint)
		return &model.AddCapacityAvailablePayload{Customer: m.customer, CapacityUnit: m.unit, Job: m.Job}, nil
	case errors.Is(err, job.ErrAlone), !m.run:
		return nil, job.ErrAlone
	default:
		return nil, a.jobs.Fail(m.Joint, err)
	}
}

// run makes the additions of a lane, in the time that each of them has.
func (a *Additions) run(ctx context.Context, lane lane, all []*addition) []batch.Result[struct{}] {
	present := make([]*addition, 0, len(all))
	for _, m := range all {
		m.run, m.outcome = true, job.ErrAlone
		if m.Context().Err() == nil {
			present = append(present, m)
		}
	}
	ctx, cancel := shortest(ctx, present)
	defer cancel()
	err := a.make(ctx, lane, present)
	if err != nil && lane != common && ctx.Err() == nil {
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
