package capacity

import (
	"cmp"
	"context"
	"math/big"
	"slices"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/document"
	"cloudapi/internal/model"
)

// Types returns the types of capacity units, in the order of the documented API.
func Types() []capacityunit.Type {
	return document.Enum[capacityunit.Type](document.UnitTypes())
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
