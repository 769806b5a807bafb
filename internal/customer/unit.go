package customer

import (
	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/model"
)

// NewUnit creates a unit of an existing or new customer.
func NewUnit(tx *ent.Client, kind capacityunit.Kind, in model.AddCapacityAvailableInput) *ent.CapacityUnitCreate {
	return tx.CapacityUnit.Create().
		SetCustomerID(in.CustomerID).
		SetKind(kind).
		SetType(in.Type).
		SetAmount(in.Amount).
		SetNillableName(in.Name).
		SetNillableDescription(in.Description)
}

// AddUnit adds the faults of a unit's texts. The types of its other fields exclude invalid values.
func (w *EntryFaults) AddUnit(e Entry, in model.AddCapacityAvailableInput) {
	if in.Name != nil {
		w.Add(e, "name", capacityunit.NameValidator(*in.Name))
	}
	if in.Description != nil {
		w.Add(e, "description", capacityunit.DescriptionValidator(*in.Description))
	}
}
