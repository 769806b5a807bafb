package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// maxEntries is the maximum number of entries in the lists of one input.
const maxEntries = 500

// CustomersChanged is the payload of a mutation of many customers. It reads the selected fields.
type CustomersChanged struct {
	// Job records the whole change.
	Job *ent.Job

	// Client reads the selected fields.
	Client    *ent.Client
	customers []uuid.UUID
}

// Customers returns the changed customers, each once, in the order of the input.
func (c *CustomersChanged) Customers(ctx context.Context) ([]*ent.Customer, error) {
	query, err := c.Client.Customer.Query().CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	found, err := query.Where(customer.IDIn(c.customers...)).All(ctx)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]*ent.Customer, len(found))
	for _, one := range found {
		byID[one.ID] = one
	}
	inOrder := make([]*ent.Customer, 0, len(found))
	for _, id := range c.customers {
		if one := byID[id]; one != nil {
			inOrder = append(inOrder, one)
		}
	}
	return inOrder, nil
}

// ChangeMany makes a change of many customers. It locks their rows until the end, in the order of their guids, so that
// concurrent changes wait for each other and cannot deadlock.
func (s *Service) ChangeMany(ctx context.Context, action string, in any, ex *model.ExecutionInput, list string, ids []uuid.UUID,
	work func(ctx context.Context, tx *ent.Client, locked map[uuid.UUID]*ent.Customer) ([]job.Part, error),
) (*CustomersChanged, error) {
	c := job.Change{
		Action: action, Input: in, Execution: ex,
		Authorize: job.ByPolicy(customer.Policy, s.Client.Customer.Update().Mutation()),
	}
	out := &CustomersChanged{customers: Distinct(ids)}
	return job.Run(ctx, s.Jobs, c, out, &out.Job, func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
		if n := len(ids); n < 1 || n > maxEntries {
			return fault.New(fault.Invalid, "%s has %d entries; 1 to %d are allowed", list, n, maxEntries).On(list)
		}
		locked, err := lockAll(ctx, tx, list, ids)
		if err != nil {
			return err
		}
		r.Parts, err = work(ctx, tx, locked)
		return err
	}, func(ctx context.Context) { out.Client = job.Client(ctx, s.Client) })
}

// lockAll returns the customers of the entries of a list, and locks them until the end of the transaction. It reports each
// entry whose customer does not exist.
func lockAll(ctx context.Context, tx *ent.Client, list string, ids []uuid.UUID) (map[uuid.UUID]*ent.Customer, error) {
	found, err := tx.Customer.Query().
		Where(customer.IDIn(Distinct(ids)...), ent.ForUpdate).
		Order(customer.ByID()).
		All(ctx)
	if err != nil {
		return nil, err
	}
	locked := make(map[uuid.UUID]*ent.Customer, len(found))
	for _, c := range found {
		locked[c.ID] = c
	}
	var missing EntryFaults
	for i, id := range ids {
		if locked[id] == nil {
			missing.Add(Entry{"input." + list, i}, "customerId", fault.Missing("customer", id))
		}
	}
	return locked, missing.Join(nil)
}
