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

// update returns work that updates a customer. It fails with CONFLICT if the customer has another version than expected; nil
// accepts any.
func update(changed **ent.Customer, id uuid.UUID, expected *uuid.UUID, edit func(*ent.CustomerUpdateOne)) job.Work {
	return func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		*changed, err = updateIfVersion(ctx, tx, id, expected, edit)
		return err
	}
}

// Touch returns work that gives a customer a new version, which locks its row until the end, and then does more with it.
func Touch(changed **ent.Customer, id uuid.UUID, more job.Work) job.Work {
	touch := update(changed, id, nil, nil)
	return func(ctx context.Context, tx *ent.Client, r *job.Record) error {
		if err := touch(ctx, tx, r); err != nil {
			return err
		}
		return more(ctx, tx, r)
	}
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
