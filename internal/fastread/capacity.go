package fastread

import (
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent/capacityunit"
)

// units adds one side of a customer's capacity.
func (c *compiler) units(s *steps, f graphql.CollectedField, kind capacityunit.Kind) error {
	s.owner.id()
	l := c.level(c.entities["CapacityUnit"], func(t, above *sql.SelectTable) *sql.Selector {
		return from(t).
			Where(sql.ColumnsEQ(t.C(capacityunit.FieldCustomerID), above.C("id"))).
			Where(sql.EQ(t.C(capacityunit.FieldKind), sql.Raw("'"+string(kind)+"'"))).
			OrderBy(t.C(capacityunit.FieldPlace), t.C("id"))
	})
	s.below(step{op: opList, level: l})
	return c.fill(l, f.Selections)
}

// balance adds what a customer has, uses and has left of each type.
func (c *compiler) balance(s *steps, f graphql.CollectedField) error {
	s.owner.id()
	l := c.level(c.entities["CapacityUnit"], func(t, above *sql.SelectTable) *sql.Selector {
		return from(t).
			Where(sql.ColumnsEQ(t.C(capacityunit.FieldCustomerID), above.C("id"))).
			GroupBy(t.C(capacityunit.FieldType)).
			OrderExpr(sql.ExprFunc(func(b *sql.Builder) {
				b.Ident(t.C(capacityunit.FieldType)).WriteString(` COLLATE "C"`)
			}))
	})
	s.below(step{op: opList, level: l})
	own := &steps{owner: l}
	sums := map[string][]capacityunit.Kind{
		"available": {capacityunit.KindAVAILABLE}, "consumed": {capacityunit.KindCONSUMED},
		"remaining": {capacityunit.KindAVAILABLE, capacityunit.KindCONSUMED},
	}
	err := c.members(own, f.Selections, []string{"CapacityBalance"}, func(f graphql.CollectedField) error {
		if f.Name == "type" {
			own.value(opText, l.plain(capacityunit.FieldType, false))
			return nil
		}
		kinds, ok := sums[f.Name]
		if !ok {
			return errNotCovered
		}
		own.value(opText, l.slot("sum "+f.Name, false, "", func(b *sql.Builder, t *sql.SelectTable) { difference(b, t, kinds) }))
		return nil
	})
	l.steps = own.end()
	return err
}

// difference is the sum of the amounts of the first kind without those of the
// others.
func difference(b *sql.Builder, t *sql.SelectTable, kinds []capacityunit.Kind) {
	b.WriteByte('(')
	for i, kind := range kinds {
		if i > 0 {
			b.WriteString(" - ")
		}
		b.WriteString("coalesce(sum(").Ident(t.C(capacityunit.FieldAmount)).WriteString(") FILTER (WHERE ").
			Ident(t.C(capacityunit.FieldKind)).WriteString(" = '" + string(kind) + "'), 0)")
	}
	b.WriteString(")::text")
}
