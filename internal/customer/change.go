package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// newChange returns a change of one customer.
func (s *Service) newChange(action string, id uuid.UUID, input any, ex *model.ExecutionInput) job.Change {
	return job.Change{
		Action: action, Input: input, Execution: ex, CustomerID: &id,
		Authorize: job.ByPolicy(customer.Policy, s.Client.Customer.UpdateOneID(id).Mutation()),
	}
}

// NewWriteChange returns a change of one customer whose work only writes.
func (s *Service) NewWriteChange(action string, id uuid.UUID, input any, ex *model.ExecutionInput) job.Change {
	c := s.newChange(action, id, input, ex)
	c.OnlyWrites = true
	return c
}

// Change updates a customer, which gives it a new version and locks its row until the end, and then does more with it.
func (s *Service) Change(ctx context.Context, c job.Change, expected *uuid.UUID,
	edit func(*ent.CustomerUpdateOne), more job.Work,
) (*ent.Customer, *ent.Job, error) {
	var changed *ent.Customer
	done, err := s.Jobs.Do(ctx, c, func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
		if changed, err = updateIfVersion(ctx, tx, *c.CustomerID, expected, edit); err != nil {
			return err
		}
		if more == nil {
			return nil
		}
		return more(ctx, tx, r)
	})
	if err != nil {
		return nil, nil, err
	}
	return job.Detach(ctx, changed), done, nil
}

// updateIfVersion updates a customer in one statement. It fails with CONFLICT if the customer has another version than
// expected. nil accepts any version.
func updateIfVersion(ctx context.Context, tx *ent.Client, id uuid.UUID, expected *uuid.UUID,
	edit func(*ent.CustomerUpdateOne),
) (*ent.Customer, error) {
	up := tx.Customer.UpdateOneID(id)
	if expected != nil {
		up.Where(customer.Version(*expected))
	}
	if edit != nil {
		edit(up)
	}
	changed, err := up.Save(ctx)
	return changed, ent.Stale(ctx, err, "customer", id, expected, tx.Customer.Get, func(c *ent.Customer) uuid.UUID { return c.Version })
}
