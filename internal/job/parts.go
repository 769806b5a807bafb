package job

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
)

// Part is one of many changes that are made together. It has its own job below the job of the whole.
type Part struct {
	// Action is the name of the mutation for a single change of this kind.
	Action string
	// Input is the input of that mutation.
	Input any
	// CustomerID is the customer that it concerns.
	CustomerID uuid.UUID
}

// recordParts writes the finished jobs of the parts in order.
func (a *attempt) recordParts(ctx context.Context, tx *ent.Client, parts []Part) error {
	if len(parts) == 0 {
		return nil
	}
	rows := make([]*ent.JobCreate, len(parts))
	for i, p := range parts {
		part := newAttempt(&Change{Action: p.Action, Input: p.Input, CustomerID: &p.CustomerID})
		part.started = a.started
		row, err := part.draftRow(ctx, tx)
		if err != nil {
			return err
		}
		rows[i] = row.SetParentID(a.id).SetCustomerID(p.CustomerID).SetStatus(job.StatusDONE).SetEndedAt(now())
	}
	a.parts = parts
	return tx.Job.CreateBulk(rows...).Exec(ctx)
}

// Client returns the client of the transaction if the operation is one transaction, otherwise other. It reads the results of
// the changes.
func Client(ctx context.Context, other *ent.Client) *ent.Client {
	if tx := transaction(ctx); tx != nil {
		return tx.Client()
	}
	return other
}
