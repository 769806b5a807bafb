package customer

import (
	"context"
	"fmt"
	"math/big"

	"entgo.io/ent/dialect/sql"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/customer"
	"cloudapi/internal/model"
)

// maxCountries is the maximum number of countries in a count.
const maxCountries = 500

// CountByStatus counts the customers of a list by their status.
func CountByStatus(ctx context.Context, list *ent.CustomerQuery) ([]*model.CustomerStatusCount, error) {
	counts := []*model.CustomerStatusCount{}
	return counts, list.Modify(func(s *sql.Selector) {
		s.Select(s.C(customer.FieldStatus), sql.As("count(*)", "count")).GroupBy(s.C(customer.FieldStatus)).OrderBy(s.C(customer.FieldStatus))
	}).Scan(ctx, &counts)
}

// CountByCountry counts the customers of a list by their country, the most frequent first.
func CountByCountry(ctx context.Context, list *ent.CustomerQuery) ([]*model.CustomerCountryCount, error) {
	counts := []*model.CustomerCountryCount{}
	return counts, list.Limit(maxCountries).Modify(func(s *sql.Selector) {
		s.Select(s.C(customer.FieldCountry), sql.As("count(*)", "count")).GroupBy(s.C(customer.FieldCountry)).
			OrderBy("count(*) DESC", s.C(customer.FieldCountry))
	}).Scan(ctx, &counts)
}

// sums are the sums of the amounts of one type. SQLite adds 64-bit integers, which the sum of 1,025 maximum amounts exceeds:
// the upper and lower bits are added separately.
type sums struct {
	Type          capacityunit.Type `sql:"type"`
	AvailableHigh string            `sql:"available_high"`
	AvailableLow  string            `sql:"available_low"`
	ConsumedHigh  string            `sql:"consumed_high"`
	ConsumedLow   string            `sql:"consumed_low"`
}

// lowBits is the number of lower bits.
const lowBits = 32

// TotalBalance returns the available, consumed and remaining amounts of all customers of a list together.
func TotalBalance(ctx context.Context, client *ent.Client, list *ent.CustomerQuery) ([]*model.CapacityBalance, error) {
	units := client.CapacityUnit.Query()
	if !list.Unfiltered() {
		units = list.QueryCapacityUnits()
	}
	var found []sums
	err := units.Modify(func(s *sql.Selector) {
		columns := []string{s.C(capacityunit.FieldType)}
		for name, kind := range map[string]capacityunit.Kind{"available": capacityunit.KindAVAILABLE, "consumed": capacityunit.KindCONSUMED} {
			of := fmt.Sprintf("CAST(coalesce(sum(CASE WHEN %s = '%s' THEN %s", s.C(capacityunit.FieldKind), kind, s.C(capacityunit.FieldAmount))
			columns = append(columns,
				sql.As(fmt.Sprintf("%s >> %d END), 0) AS text)", of, lowBits), name+"_high"),
				sql.As(fmt.Sprintf("%s & %d END), 0) AS text)", of, 1<<lowBits-1), name+"_low"))
		}
		s.Select(columns...).GroupBy(s.C(capacityunit.FieldType)).OrderBy(s.C(capacityunit.FieldType))
	}).Scan(ctx, &found)
	if err != nil {
		return nil, err
	}
	lines := make(map[capacityunit.Type]*model.CapacityBalance, len(found))
	for _, f := range found {
		line := &model.CapacityBalance{Type: f.Type}
		if line.Available, err = whole(f.AvailableHigh, f.AvailableLow); err != nil {
			return nil, err
		}
		if line.Consumed, err = whole(f.ConsumedHigh, f.ConsumedLow); err != nil {
			return nil, err
		}
		lines[f.Type] = line
	}
	return balance(lines), nil
}

// whole returns the number with these upper and lower bits.
func whole(high, low string) (*big.Int, error) {
	upper, okUpper := new(big.Int).SetString(high, 10)
	lower, okLower := new(big.Int).SetString(low, 10)
	if !okUpper || !okLower {
		return nil, fmt.Errorf("customer: %q and %q are not sums", high, low)
	}
	return upper.Add(upper.Lsh(upper, lowBits), lower), nil
}
