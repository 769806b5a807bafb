// Package customer has the verbs of the customer model. Each is one change, and creates one job.
package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
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
	return job.Run(ctx, s.Jobs, s.NewWriteChange("updateCustomer", in.CustomerID, in, in.Execution), out, &out.Job,
		update(&out.Customer, in.CustomerID, in.ExpectedVersion, func(up *ent.CustomerUpdateOne) { applyUpdate(up, in) }),
		job.RowAt(&out.Customer))
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
	return job.Run(ctx, s.Jobs, s.NewWriteChange("setCustomerStatus", in.CustomerID, in, in.Execution), out, &out.Job,
		update(&out.Customer, in.CustomerID, in.ExpectedVersion, func(up *ent.CustomerUpdateOne) { up.SetStatus(in.Status) }),
		job.RowAt(&out.Customer))
}
