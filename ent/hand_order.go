package ent

import (
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"cloudapi/ent/customer"
)

// Columns returns the columns that order a list: one, or two in the order of their importance. The guid follows them.
func (l List) Columns() []string { return strings.Split(l.Column, ",") }

// Pair has the values of an entry in a list that two columns order.
type Pair struct {
	First  string
	Second any // a string or a time.Time
}

// Values returns the values of the columns that order a list.
func Values(value any) []any {
	if p, ok := value.(Pair); ok {
		return []any{p.First, p.Second}
	}
	return []any{value}
}

// pairedOrder is an order of customers by two columns.
type pairedOrder struct {
	name, column string
	value        func(*Customer) Pair
	terms        [2]func(...sql.OrderTermOption) customer.OrderOption
}

// pairedOrders returns the orders of customers by two columns.
func pairedOrders() []pairedOrder {
	status, country := func(c *Customer) string { return c.Status.String() }, func(c *Customer) string { return c.Country }
	return []pairedOrder{
		byNameWithin("STATUS_NAME", customer.FieldStatus, status, customer.ByStatus),
		byTimeWithin("STATUS_CREATED_AT", customer.FieldStatus, status, customer.ByStatus),
		byNameWithin("COUNTRY_NAME", customer.FieldCountry, country, customer.ByCountry),
		byTimeWithin("COUNTRY_CREATED_AT", customer.FieldCountry, country, customer.ByCountry),
	}
}

func byNameWithin(name, column string, first func(*Customer) string, by func(...sql.OrderTermOption) customer.OrderOption) pairedOrder {
	return pairedOrder{
		name: name, column: column + "," + customer.FieldNameFold,
		value: func(c *Customer) Pair { return Pair{first(c), c.NameFold} },
		terms: [2]func(...sql.OrderTermOption) customer.OrderOption{by, customer.ByNameFold},
	}
}

func byTimeWithin(name, column string, first func(*Customer) string, by func(...sql.OrderTermOption) customer.OrderOption) pairedOrder {
	return pairedOrder{
		name: name, column: column + "," + customer.FieldCreatedAt,
		value: func(c *Customer) Pair { return Pair{first(c), c.CreatedAt} },
		terms: [2]func(...sql.OrderTermOption) customer.OrderOption{by, customer.ByCreatedAt},
	}
}

// field returns the order in entgql's form.
func (o pairedOrder) field() CustomerOrderField {
	return CustomerOrderField{
		column: o.column,
		Value:  func(c *Customer) (ent.Value, error) { return o.value(c), nil },
		toTerm: func(options ...sql.OrderTermOption) customer.OrderOption {
			return func(s *sql.Selector) {
				o.terms[0](options...)(s)
				o.terms[1](options...)(s)
			}
		},
		toCursor: func(c *Customer) Cursor { return Cursor{ID: c.ID, Value: o.value(c)} },
	}
}

// unmarshalPair is UnmarshalGQL for an order by two columns. The generated method calls it.
func (f *CustomerOrderField) unmarshalPair(name string) error {
	orders := pairedOrders()
	i := slices.IndexFunc(orders, func(o pairedOrder) bool { return o.name == name })
	if i < 0 {
		return fmt.Errorf("%s is not a valid CustomerOrderField", name)
	}
	*f = orders[i].field()
	return nil
}

// pairName is String for an order by two columns. The generated method calls it.
func (f CustomerOrderField) pairName() string {
	for _, o := range pairedOrders() {
		if o.column == f.column {
			return o.name
		}
	}
	return ""
}

// appendOrder adds the columns of an order to the selected ones.
func appendOrder(selected *QueryContext, column string) {
	for _, c := range strings.Split(column, ",") {
		selected.AppendFieldOnce(c)
	}
}

// writeOrder writes the columns of an order with their direction.
func writeOrder(b *sql.Builder, column, direction string) {
	for i, c := range strings.Split(column, ",") {
		if i > 0 {
			b.Comma()
		}
		b.Ident(c).Pad().WriteString(direction)
	}
}
