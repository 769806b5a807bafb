package customer

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/privacy"
	"cloudapi/internal/batch"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
)

// Additions adds units of capacity, those that come at the same time in one
// transaction. What cannot be made in company, whatever the reason, is left to
// be made alone, so that its caller hears the same as ever.
type Additions struct {
	jobs  *job.Recorder
	lanes *batch.Group[uuid.UUID, *addition, struct{}]
}

// common is the lane of everything that waits for nobody. An addition to a
// customer that somebody else is changing goes on in a lane of that customer's
// own, where it may wait without holding up others.
var common = uuid.Nil

// errHeld says that somebody else is changing the customer.
var errHeld = errors.New("customer: held by another change")

// addition is one unit to add.
type addition struct {
	*job.Joint
	ctx  context.Context
	kind capacityunit.Kind
	in   model.AddCapacityAvailableInput
	// What became of it: whether it was in an execution at all, and where that
	// ended with no error, what was made.
	run      bool
	outcome  error
	customer *ent.Customer
	unit     *ent.CapacityUnit
}

// NewAdditions returns additions that are recorded by jobs.
func NewAdditions(jobs *job.Recorder) *Additions {
	a := &Additions{jobs: jobs}
	a.lanes = batch.New(batch.Options{Stay: true}, a.run)
	return a
}

// add adds a unit, or returns job.ErrAlone where that has to be done alone.
func (a *Additions) add(ctx context.Context, c job.Change, kind capacityunit.Kind, in model.AddCapacityAvailableInput) (*model.AddCapacityAvailablePayload, error) {
	if a == nil || in.Execution != nil || ent.TxFromContext(ctx) != nil || viewer.FromContext(ctx) == nil || !addable(in) {
		return nil, job.ErrAlone
	}
	m := &addition{Joint: job.Join(c), ctx: ctx, kind: kind, in: in}
	_, err := a.lanes.Do(ctx, common, m)
	if errors.Is(err, errHeld) {
		m.run = false
		_, err = a.lanes.Do(ctx, in.CustomerID, m)
	}
	switch {
	case err == nil:
		return &model.AddCapacityAvailablePayload{Customer: m.customer, CapacityUnit: m.unit, Job: m.Job}, nil
	case errors.Is(err, job.ErrAlone), !m.run:
		return nil, job.ErrAlone
	default:
		return nil, a.jobs.Fail(ctx, m.Joint, err)
	}
}

// addable reports whether a unit passes its validators: one that does not would
// fail the statement of all.
func addable(in model.AddCapacityAvailableInput) bool {
	err := capacityunit.AmountValidator(in.Amount)
	if in.Name != nil {
		err = errors.Join(err, capacityunit.NameValidator(*in.Name))
	}
	if in.Description != nil {
		err = errors.Join(err, capacityunit.DescriptionValidator(*in.Description))
	}
	return err == nil
}

// run makes the additions of a lane in one transaction, in the time that each
// of them has.
func (a *Additions) run(ctx context.Context, lane uuid.UUID, all []*addition) []batch.Result[struct{}] {
	present := make([]*addition, 0, len(all))
	for _, m := range all {
		m.run, m.outcome = true, job.ErrAlone
		if m.ctx.Err() == nil {
			present = append(present, m)
		}
	}
	ctx, cancel := shortest(ctx, present)
	defer cancel()
	err := a.jobs.Together(ctx, func(ctx context.Context, tx *ent.Client) ([]*job.Joint, error) {
		return a.makeAll(ctx, tx, lane, present)
	})
	if lane != common && ctx.Err() == nil && fault.Is(a.jobs.Classify(err), fault.Timeout) {
		// Each would wait as long once more for the same customer.
		err = a.jobs.Classify(err)
		for _, m := range present {
			m.outcome = err
		}
	}
	results := make([]batch.Result[struct{}], len(all))
	for i, m := range all {
		if m.outcome == nil {
			m.settle(err)
		}
		results[i].Err = m.outcome
	}
	return results
}

// settle tells an addition how the transaction ended that it was made in.
func (m *addition) settle(err error) {
	m.outcome = err
	if err == nil {
		m.customer, m.unit = m.customer.Unwrap(), m.unit.Unwrap()
	}
}

// shortest returns a context that ends when the first of the additions' does.
func shortest(ctx context.Context, all []*addition) (context.Context, context.CancelFunc) {
	var first time.Time
	for _, m := range all {
		if end, limited := m.ctx.Deadline(); limited && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	if first.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, first)
}

// makeAll makes additions, those of each viewer with its rights.
func (a *Additions) makeAll(ctx context.Context, tx *ent.Client, lane uuid.UUID, all []*addition) ([]*job.Joint, error) {
	var made []*job.Joint
	for _, some := range byViewer(all) {
		of := viewer.NewContext(ctx, viewer.FromContext(some[0].ctx))
		joints, err := a.makeSome(of, tx, lane, some)
		if err != nil {
			return nil, err
		}
		made = append(made, joints...)
	}
	return made, nil
}

// makeSome makes the additions of one viewer: it touches their customers, adds
// the units, and records the jobs, in a statement or two each.
func (a *Additions) makeSome(ctx context.Context, tx *ent.Client, lane uuid.UUID, all []*addition) ([]*job.Joint, error) {
	touched, err := touchFree(ctx, tx, lane, all)
	if errors.Is(err, privacy.Deny) {
		return nil, nil // they are alone, and nothing was changed
	}
	if err != nil {
		return nil, err
	}
	var made []*addition
	for _, m := range all {
		if m.customer = touched[m.in.CustomerID]; m.customer != nil {
			made = append(made, m)
		} else if lane == common {
			m.outcome = errHeld
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	if err := addUnits(ctx, tx, made); err != nil {
		return nil, err
	}
	joints := make([]*job.Joint, len(made))
	for i, m := range made {
		joints[i], m.outcome = m.Joint, nil
	}
	return joints, a.jobs.Record(ctx, tx, joints)
}

func addUnits(ctx context.Context, tx *ent.Client, made []*addition) error {
	rows := make([]*ent.CapacityUnitCreate, len(made))
	for i, m := range made {
		rows[i] = unit(tx, m.kind, m.in)
	}
	units, err := tx.CapacityUnit.CreateBulk(rows...).Save(ctx)
	if err != nil {
		return err
	}
	for i, m := range made {
		own := *m.customer
		m.customer, m.unit = &own, units[i]
	}
	return nil
}

// byViewer groups additions by who asks, in the order of their arrival: each
// viewer's own are made with its rights.
func byViewer(all []*addition) [][]*addition {
	var groups [][]*addition
	place := map[viewer.Viewer]int{}
	for _, m := range all {
		who := *viewer.FromContext(m.ctx)
		i, known := place[who]
		if !known {
			i = len(groups)
			place[who], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], m)
	}
	return groups
}
