// Package capacity has the verbs of capacity units and the sums of their amounts. A unit belongs to a customer, so each verb is a
// change of customers (package customer).
package capacity

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/customer"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// Service changes the capacity of customers.
type Service struct {
	Customers *customer.Service
}

// AddAvailable adds a unit to the customer's available capacity.
func (s *Service) AddAvailable(ctx context.Context, in model.AddCapacityAvailableInput) (*model.AddCapacityAvailablePayload, error) {
	return s.add(ctx, "addCapacityAvailable", capacityunit.KindAVAILABLE, in)
}

// AddConsumed adds a unit to the customer's consumed capacity.
func (s *Service) AddConsumed(ctx context.Context, in model.AddCapacityConsumedInput) (*model.AddCapacityConsumedPayload, error) {
	out, err := s.add(ctx, "addCapacityConsumed", capacityunit.KindCONSUMED, model.AddCapacityAvailableInput(in))
	return (*model.AddCapacityConsumedPayload)(out), err
}

func (s *Service) add(ctx context.Context, action string, kind capacityunit.Kind, in model.AddCapacityAvailableInput) (*model.AddCapacityAvailablePayload, error) {
	out := &model.AddCapacityAvailablePayload{}
	change := s.Customers.NewWriteChange(action, in.CustomerID, in, in.Execution)
	return job.Run(ctx, s.Customers.Jobs, change, out, &out.Job, customer.Touch(&out.Customer, in.CustomerID,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.CapacityUnit, err = customer.NewUnit(tx, kind, in).Save(ctx)
			return err
		}), job.RowAt(&out.Customer), job.RowAt(&out.CapacityUnit))
}

// RemoveAvailable removes all units of a type from the customer's available capacity.
func (s *Service) RemoveAvailable(ctx context.Context, in model.RemoveCapacityAvailableInput) (*model.RemoveCapacityAvailablePayload, error) {
	return s.remove(ctx, "removeCapacityAvailable", capacityunit.KindAVAILABLE, in)
}

// RemoveConsumed removes all units of a type from the customer's consumed capacity.
func (s *Service) RemoveConsumed(ctx context.Context, in model.RemoveCapacityConsumedInput) (*model.RemoveCapacityConsumedPayload, error) {
	out, err := s.remove(ctx, "removeCapacityConsumed", capacityunit.KindCONSUMED, model.RemoveCapacityAvailableInput(in))
	return (*model.RemoveCapacityConsumedPayload)(out), err
}

func (s *Service) remove(ctx context.Context, action string, kind capacityunit.Kind, in model.RemoveCapacityAvailableInput) (*model.RemoveCapacityAvailablePayload, error) {
	out := &model.RemoveCapacityAvailablePayload{}
	change := s.Customers.NewWriteChange(action, in.CustomerID, in, in.Execution)
	return job.Run(ctx, s.Customers.Jobs, change, out, &out.Job, customer.Touch(&out.Customer, in.CustomerID,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.Removed, err = tx.CapacityUnit.Delete().
				Where(capacityunit.CustomerID(in.CustomerID), capacityunit.KindEQ(kind), capacityunit.TypeEQ(in.Type)).
				Exec(ctx)
			if err == nil && out.Removed == 0 {
				return fault.New(fault.Invalid, "The capacity unit type specified could not be found!").On("type")
			}
			return err
		}), job.RowAt(&out.Customer))
}
