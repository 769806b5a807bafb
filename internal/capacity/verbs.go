package customer

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/document"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// Types returns the types of capacity units, in the order of the documented API.
func Types() []capacityunit.Type {
	return document.Enum[capacityunit.Type](document.UnitTypes())
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
	var err error
	out.Customer, out.Job, err = s.change(ctx, s.writing(action, in.CustomerID, in, in.Execution), nil, nil,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.CapacityUnit, err = unit(tx, kind, in).Save(ctx)
			return err
		})
	if err != nil {
		return nil, err
	}
	out.CapacityUnit = job.Settled(ctx, out.CapacityUnit)
	return out, nil
}

func unit(tx *ent.Client, kind capacityunit.Kind, in model.AddCapacityAvailableInput) *ent.CapacityUnitCreate {
	return tx.CapacityUnit.Create().
		SetCustomerID(in.CustomerID).
		SetKind(kind).
		SetType(in.Type).
		SetAmount(in.Amount).
		SetNillableName(in.Name).
		SetNillableDescription(in.Description)
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
	var err error
	out.Customer, out.Job, err = s.change(ctx, s.writing(action, in.CustomerID, in, in.Execution), nil, nil,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.Removed, err = tx.CapacityUnit.Delete().
				Where(capacityunit.CustomerID(in.CustomerID), capacityunit.KindEQ(kind), capacityunit.TypeEQ(in.Type)).
				Exec(ctx)
			if err == nil && out.Removed == 0 {
				return fault.New(fault.Invalid, "The capacity unit type specified could not be found!").On("type")
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Units returns one side of a customer's capacity, in the order of addition.
func Units(ctx context.Context, c *ent.Customer, kind capacityunit.Kind) ([]*ent.CapacityUnit, error) {
	all, err := allUnits(ctx, c)
	if err != nil {
		return nil, err
	}
	side := make([]*ent.CapacityUnit, 0, len(all))
	for _, u := range all {
		if u.Kind == kind {
			side = append(side, u)
		}
	}
	return side, nil
}

func allUnits(ctx context.Context, c *ent.Customer) ([]*ent.CapacityUnit, error) {
	all, err := c.CapacityUnits(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b *ent.CapacityUnit) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all, nil
}

// Balance returns the available, consumed and remaining amount of each type that the customer has or uses.
func Balance(ctx context.Context, c *ent.Customer) ([]*model.CapacityBalance, error) {
	all, err := allUnits(ctx, c)
	if err != nil {
		return nil, err
	}
	lines := make(map[capacityunit.Type]*model.CapacityBalance)
	for _, u := range all {
		line := lines[u.Type]
		if line == nil {
			line = &model.CapacityBalance{Type: u.Type, Available: new(big.Int), Consumed: new(big.Int)}
			lines[u.Type] = line
		}
		sum := line.Available
		if u.Kind == capacityunit.KindCONSUMED {
			sum = line.Consumed
		}
		sum.Add(sum, big.NewInt(u.Amount))
	}
	return balance(lines), nil
}

// balance returns the lines in the order of the types, with the remaining amounts.
func balance(lines map[capacityunit.Type]*model.CapacityBalance) []*model.CapacityBalance {
	balance := make([]*model.CapacityBalance, 0, len(lines))
	for _, t := range Types() {
		if line := lines[t]; line != nil {
			line.Remaining = new(big.Int).Sub(line.Available, line.Consumed)
			balance = append(balance, line)
		}
	}
	return balance
}
