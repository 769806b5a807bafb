// Package customer has the verbs of the customer model: each is one change, and
// leaves one job.
package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/portal"
	"cloudapi/internal/textrule"
)

// Service makes the changes of customers.
type Service struct {
	Client *ent.Client
	Jobs   *job.Recorder
	Portal portal.Portal
	// Queue takes domain work that nobody waits for.
	Queue *job.Queue
}

// Update changes the properties that are given.
func (s *Service) Update(ctx context.Context, in model.UpdateCustomerInput) (*model.UpdateCustomerPayload, error) {
	out := &model.UpdateCustomerPayload{}
	var err error
	out.Customer, out.Job, err = s.change(ctx, s.writing("updateCustomer", in.CustomerID, in, in.Execution), in.ExpectedVersion,
		func(up *ent.CustomerUpdateOne) { applyUpdate(up, in) }, nil)
	return out, err
}

func applyUpdate(up *ent.CustomerUpdateOne, in model.UpdateCustomerInput) {
	if in.Name != nil {
		up.SetName(*in.Name).SetNameFold(textrule.Fold(*in.Name))
	}
	setText(in.Description, up.SetDescription)
	setText(in.Address, up.SetAddress)
	setText(in.City, up.SetCity)
	setText(in.Country, up.SetCountry)
	if id, ok := in.ResourceGroupID.ValueOK(); ok {
		clearOrSet(id, up.ClearResourceGroupID, up.SetResourceGroupID)
	}
	if id, ok := in.RetentionPolicyID.ValueOK(); ok {
		clearOrSet(id, up.ClearRetentionPolicyID, up.SetRetentionPolicyID)
	}
}

func clearOrSet[U any](id *uuid.UUID, clearID func() U, set func(uuid.UUID) U) {
	if id == nil {
		clearID()
		return
	}
	set(*id)
}

// setText sets a text that is given; an explicit null blanks it.
func setText[U any](given interface{ ValueOK() (*string, bool) }, set func(string) U) {
	value, ok := given.ValueOK()
	switch {
	case !ok:
	case value == nil:
		set("")
	default:
		set(*value)
	}
}

// SetStatus sets the status; any may follow any other.
func (s *Service) SetStatus(ctx context.Context, in model.SetCustomerStatusInput) (*model.SetCustomerStatusPayload, error) {
	out := &model.SetCustomerStatusPayload{}
	var err error
	out.Customer, out.Job, err = s.change(ctx, s.writing("setCustomerStatus", in.CustomerID, in, in.Execution), in.ExpectedVersion,
		func(up *ent.CustomerUpdateOne) { up.SetStatus(in.Status) }, nil)
	return out, err
}

// about describes a change of one customer.
func (s *Service) about(action string, id uuid.UUID, input any, ex *model.ExecutionInput) job.Change {
	return job.Change{
		Action: action, Input: input, Execution: ex, CustomerID: &id,
		Authorize: job.ByPolicy(customer.Policy, s.Client.Customer.UpdateOneID(id).Mutation()),
	}
}

// writing is about a change whose work only writes.
func (s *Service) writing(action string, id uuid.UUID, input any, ex *model.ExecutionInput) job.Change {
	c := s.about(action, id, input, ex)
	c.OnlyWrites = true
	return c
}

// change touches a customer, which gives it a new version and holds its row
// until the end, and then does more with it.
func (s *Service) change(ctx context.Context, c job.Change, expected *uuid.UUID,
	edit func(*ent.CustomerUpdateOne), more job.Work,
) (*ent.Customer, *ent.Job, error) {
	var changed *ent.Customer
	done, err := s.Jobs.Do(ctx, c, func(ctx context.Context, tx *ent.Client, r *job.Record) (err error) {
		if changed, err = touch(ctx, tx, *c.CustomerID, expected, edit); err != nil {
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
	return job.Settled(ctx, changed), done, nil
}

// touch changes a customer in one guarded statement.
func touch(ctx context.Context, tx *ent.Client, id uuid.UUID, expected *uuid.UUID,
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
	if !ent.IsNotFound(err) {
		return changed, err
	}
	return nil, stale(ctx, tx, id, expected)
}

// stale tells why no customer was changed: it is gone, or has another version.
func stale(ctx context.Context, tx *ent.Client, id uuid.UUID, expected *uuid.UUID) error {
	current, err := tx.Customer.Get(ctx, id)
	switch {
	case ent.IsNotFound(err):
		return fault.Missing("customer", id)
	case err != nil:
		return err
	}
	return fault.Stale("customer", id, current.Version, expected)
}
