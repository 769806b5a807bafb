package fastread

import (
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
)

// units adds a customer's available or consumed units.
func (c *compiler) units(s *steps, f graphql.CollectedField, kind capacityunit.Kind) error {
	l := c.unitLevel(s, kind)
	s.below(step{op: opList, level: l})
	return c.fill(l, f.Selections)
}

// unitLevel returns a level of the units of a kind.
func (c *compiler) unitLevel(s *steps, kind capacityunit.Kind) *level {
	s.owner.id()
	l := c.level(c.entities["CapacityUnit"], unitsOf().narrowed(func(found *sql.Selector, t *sql.SelectTable) {
		found.Where(sql.EQ(t.C(capacityunit.FieldKind), sql.Raw("'"+string(kind)+"'")))
	}))
	l.order = []ordering{{column: capacityunit.FieldPlace, kind: ent.KindNumber}, {column: "id", kind: ent.KindUUID}}
	return l
}

// unitsOf selects the capacity units of a customer.
func unitsOf() source {
	return source{key: "id", disjoint: true, rows: func(t, above *sql.SelectTable) *sql.Selector {
		return from(t).Where(sql.ColumnsEQ(t.C(capacityunit.FieldCustomerID), above.C("id")))
	}}
}

// balance adds the available, consumed and remaining amounts of each type.
func (c *compiler) balance(s *steps, f graphql.CollectedField) error {
	s.owner.id()
	l := c.level(c.entities["CapacityUnit"], unitsOf())
	l.group, l.order = capacityunit.FieldType, []ordering{{column: capacityunit.FieldType}}
	s.below(step{op: opList, level: l})
	own := &steps{owner: l}
	sums := map[string][]capacityunit.Kind{
		"available": {capacityunit.KindAVAILABLE}, "consumed": {capacityunit.KindCONSUMED},
		"remaining": {capacityunit.KindAVAILABLE, capacityunit.KindCONSUMED},
	}
	err := c.members(own, f.Selections, []string{"CapacityBalance"}, func(f graphql.CollectedField) error {
		if f.Name == "type" {
			own.value(opText, l.plain(capacityunit.FieldType, ent.KindText))
			return nil
		}
		kinds, ok := sums[f.Name]
		if !ok {
			return errNotCovered
		}
		own.value(opSum, l.slot("sum "+f.Name, column{difference: kinds}))
		return nil
	})
	l.steps = own.end()
	return err
}
