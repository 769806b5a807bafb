// Package customer has the verbs of the customer model. Each is one change, and creates one job.
package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
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
	// Queue records domain work for the background (wait: false).
	Queue *job.Queue
}

// Update changes the given properties.
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
	textrule.Set(in.Description, up.SetDescription)
	textrule.Set(in.Address, up.SetAddress)
	textrule.Set(in.City, up.SetCity)
	textrule.Set(in.Country, up.SetCountry)
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

// SetStatus sets the status. Every transition is allowed.
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

// writing describes a change whose work only writes.
func (s *Service) writing(action string, id uuid.UUID, input any, ex *model.ExecutionInput) job.Change {
	c := s.about(action, id, input, ex)
	c.OnlyWrites = true
	return c
}

// change updates a customer, which gives it a new version and locks its row until the end, and then does more with it.
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
	return changed, ent.Stale(ctx, err, "customer", id, expected, tx.Customer.Get, func(c *ent.Customer) uuid.UUID { return c.Version })
}
