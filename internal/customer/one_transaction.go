package customer

import (
	"context"

	"entgo.io/ent/dialect"

	"cloudapi/ent"
	"cloudapi/internal/job"
	"cloudapi/internal/viewer"
)

// oneTransaction makes additions one after the other in one transaction: for SQLite,
// where a statement is a call and the commit costs the most.
type oneTransaction struct {
	driver dialect.Driver
	jobs   *job.Recorder
}

func (t *oneTransaction) make(ctx context.Context, _ queueKey, all []*addition) error {
	// One that is refused would end the transaction of all: they are sorted out
	// first.
	dry := ent.NewClient(ent.Driver(&recordingDriver{Driver: t.driver}))
	all, _ = permitted(dry, dry.Customer.Update().Mutation(), all)
	err := t.jobs.Together(ctx, func(ctx context.Context, tx *ent.Client) error {
		for _, m := range all {
			of := viewer.NewContext(ctx, viewer.FromContext(m.Context()))
			if err := m.makeIn(of, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.outcome == nil {
			m.customer, m.unit, m.Job = m.customer.Unwrap(), m.unit.Unwrap(), m.Job.Unwrap()
		}
	}
	return nil
}

// makeIn makes an addition in a transaction. One whose customer cannot be touched
// has changed nothing, and is left to be made alone.
func (m *addition) makeIn(ctx context.Context, tx *ent.Client) (err error) {
	m.customer, err = tx.Customer.UpdateOneID(m.in.CustomerID).Save(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if m.unit, err = unit(tx, m.kind, m.in).Save(ctx); err != nil {
		return err
	}
	if _, err = m.Record(ctx, tx); err != nil {
		return err
	}
	m.outcome = nil
	return nil
}
