package capacity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	customers "cloudapi/ent/customer"
	"cloudapi/internal/customer"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// UnitsAdded is the payload of addCapacityUnits.
type UnitsAdded struct {
	customer.CustomersChanged

	units []uuid.UUID
}

// CapacityUnits returns the new units, in the order of the input.
func (u *UnitsAdded) CapacityUnits(ctx context.Context) ([]*ent.CapacityUnit, error) {
	query, err := u.Client.CapacityUnit.Query().CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	// The guids of new units are in the order of creation.
	return query.Where(capacityunit.IDIn(u.units...)).Order(capacityunit.ByID()).All(ctx)
}

// AddUnits adds units of capacity to customers, all or none.
func (s *Service) AddUnits(ctx context.Context, in model.AddCapacityUnitsInput) (*UnitsAdded, error) {
	ids := make([]uuid.UUID, len(in.Units))
	for i, u := range in.Units {
		ids[i] = u.CustomerID
	}
	out := &UnitsAdded{}
	changed, err := s.Customers.ChangeMany(ctx, "addCapacityUnits", in, in.Execution, "units", ids,
		func(ctx context.Context, tx *ent.Client, _ map[uuid.UUID]*ent.Customer) ([]job.Part, error) {
			var faults customer.EntryFaults
			parts, rows := make([]job.Part, len(ids)), make([]*ent.CapacityUnitCreate, len(ids))
			for i, u := range in.Units {
				one := model.AddCapacityAvailableInput{CustomerID: u.CustomerID, Type: u.Type, Amount: u.Amount, Name: u.Name, Description: u.Description}
				faults.AddUnit(customer.Entry{List: "input.units", Index: i}, one)
				rows[i] = customer.NewUnit(tx, u.Kind, one)
				parts[i] = job.Part{Action: actionOf(u.Kind), Input: one, CustomerID: u.CustomerID}
			}
			if err := faults.Join(nil); err != nil {
				return nil, err
			}
			if err := tx.Customer.Update().Where(customers.IDIn(customer.Distinct(ids)...)).Exec(ctx); err != nil {
				return nil, err
			}
			added, err := tx.CapacityUnit.CreateBulk(rows...).Save(ctx)
			for _, u := range added {
				out.units = append(out.units, u.ID)
			}
			return parts, err
		})
	if err != nil {
		return nil, err
	}
	out.CustomersChanged = *changed
	return out, nil
}

// actionOf returns the mutation that adds a unit of a kind.
func actionOf(kind capacityunit.Kind) string {
	if kind == capacityunit.KindCONSUMED {
		return "addCapacityConsumed"
	}
	return "addCapacityAvailable"
}
