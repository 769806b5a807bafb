package customer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/customer"
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
	m := &addition{Joint: job.Join(ctx, c), kind: kind, in: in}
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
		return nil, a.jobs.Fail(m.Joint, err)
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
		if m.Context().Err() == nil {
			present = append(present, m)
		}
	}
	ctx, cancel := shortest(ctx, present)
	defer cancel()
	err := a.jobs.Together(ctx, func(ctx context.Context, tx *ent.Client) ([]*job.Joint, error) {
		return a.make(ctx, tx, lane, present)
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
		if end, limited := m.Context().Deadline(); limited && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	if first.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, first)
}

// make makes additions: it touches their customers, adds the units, and records
// the jobs, in a statement or two each.
func (a *Additions) make(ctx context.Context, tx *ent.Client, lane uuid.UUID, all []*addition) ([]*job.Joint, error) {
	touch := tx.Customer.Update()
	rows := permitted(tx, touch.Mutation(), all)
	if len(rows) == 0 {
		return nil, nil
	}
	touched, err := touchFree(ctx, tx, touch, lane, slices.Collect(maps.Keys(rows)))
	if err != nil {
		return nil, err
	}
	var made []*addition
	var units []*ent.CapacityUnitCreate
	for _, m := range all {
		row, permitted := rows[m]
		if !permitted {
			continue
		}
		c, found := touched[m.in.CustomerID]
		if found {
			own := *c
			m.customer, m.outcome = &own, nil
			made, units = append(made, m), append(units, row)
		} else if lane == common {
			m.outcome = errHeld
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	return a.record(ctx, tx, made, units)
}

// record adds the units and writes the jobs.
func (a *Additions) record(ctx context.Context, tx *ent.Client, made []*addition, rows []*ent.CapacityUnitCreate) ([]*job.Joint, error) {
	units, err := tx.CapacityUnit.CreateBulk(rows...).Save(viewer.SystemContext(ctx))
	if err != nil {
		return nil, err
	}
	joints := make([]*job.Joint, len(made))
	for i, m := range made {
		joints[i], m.unit = m.Joint, units[i]
	}
	return joints, a.jobs.Record(ctx, tx, joints)
}

// permitted returns the rows of the additions that their callers may make. Each
// caller's policy narrows what may be touched: what one of them may not is
// touched for nobody, and made alone.
func permitted(tx *ent.Client, touch *ent.CustomerMutation, all []*addition) map[*addition]*ent.CapacityUnitCreate {
	rows := make(map[*addition]*ent.CapacityUnitCreate, len(all))
	asked := map[viewer.Viewer]error{}
	for _, m := range all {
		who := *viewer.FromContext(m.Context())
		err, known := asked[who]
		if !known {
			err = customer.Policy.EvalMutation(m.Context(), touch)
			asked[who] = err
		}
		row := unit(tx, m.kind, m.in)
		if err == nil && capacityunit.Policy.EvalMutation(m.Context(), row.Mutation()) == nil {
			rows[m] = row
		}
	}
	return rows
}
