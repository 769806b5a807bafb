package capacity

import (
	"context"
	"fmt"
	"math/big"

	"entgo.io/ent/dialect/sql"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/model"
)

// sum is the sum of the amounts of one type and kind. SQLite adds 64-bit integers, which the sum of 1,025 maximum amounts
// exceeds: the upper and lower bits are added separately. Both fit into 32 bits, so PostgreSQL adds them as integers and not in
// its slower numeric type.
type sum struct {
	Type capacityunit.Type `sql:"type"`
	Kind capacityunit.Kind `sql:"kind"`
	High int64             `sql:"high"`
	Low  int64             `sql:"low"`
}

// lowBits is the number of lower bits.
const lowBits = 30

// TotalBalance returns the available, consumed and remaining amounts of all customers of a list together.
func TotalBalance(ctx context.Context, client *ent.Client, list *ent.CustomerQuery) ([]*model.CapacityBalance, error) {
	units := client.CapacityUnit.Query()
	if !list.Unfiltered() {
		units = list.QueryCapacityUnits()
	}
	var found []sum
	err := units.Modify(func(s *sql.Selector) {
		kind, typ, amount := s.C(capacityunit.FieldKind), s.C(capacityunit.FieldType), s.C(capacityunit.FieldAmount)
		s.Select(typ, kind,
			sql.As(fmt.Sprintf("sum(CAST(%s >> %d AS integer))", amount, lowBits), "high"),
			sql.As(fmt.Sprintf("sum(CAST(%s & %d AS integer))", amount, 1<<lowBits-1), "low"),
		).GroupBy(typ, kind)
	}).Scan(ctx, &found)
	if err != nil {
		return nil, err
	}
	lines := make(map[capacityunit.Type]*model.CapacityBalance, len(found))
	for _, f := range found {
		line := lines[f.Type]
		if line == nil {
			line = &model.CapacityBalance{Type: f.Type, Available: new(big.Int), Consumed: new(big.Int)}
			lines[f.Type] = line
		}
		if f.Kind == capacityunit.KindCONSUMED {
			line.Consumed = f.total()
		} else {
			line.Available = f.total()
		}
	}
	return balance(lines), nil
}

// total returns the sum of the upper and lower bits.
func (s sum) total() *big.Int {
	high := new(big.Int).Lsh(big.NewInt(s.High), lowBits)
	return high.Add(high, big.NewInt(s.Low))
}
