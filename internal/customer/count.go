package customer

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"cloudapi/ent"
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
