package schema

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/strictjson"
)

// CapacityUnit is an amount of capacity that a customer has or uses. Units are added and removed, never changed.
type CapacityUnit struct{ ent.Schema }

// Mixin of the CapacityUnit.
func (CapacityUnit) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.Identity{}, mixin.Version{}, mixin.Created{}}
}

// Fields of the CapacityUnit.
func (CapacityUnit) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("customer_id", uuid.UUID{}).Immutable().
			Annotations(entgql.MapsTo("customerId")),
		field.Enum("kind").Values("AVAILABLE", "CONSUMED").Immutable(),
		field.Enum("type").
			Values("CU", "LV", "MU", "NBU", "NUIPPORTS", "NUM", "SUA", "SUP", "WV").Immutable(),
		field.Int64("amount").Range(1, strictjson.MaxInteger).Immutable(),
		field.String("name").SchemaType(textColumn()).Default("").Validate(optional("name", maxName)).Immutable(),
		field.String("description").SchemaType(textColumn()).Default("").
			Validate(optional("description", maxText)).Immutable(),
		// Units are ordered by place, then by guid. Units created here have place 0 and guids in the order of time. Imported
		// units keep their guids, which are in no order, and get places below 0 in their order.
		field.Int("place").Default(0).Immutable().
			Annotations(entgql.Skip(entgql.SkipAll)),
	}
}

// Edges of the CapacityUnit.
func (CapacityUnit) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("capacity_units").Field("customer_id").
			Unique().Required().Immutable(),
	}
}

// Interceptors of the CapacityUnit: every query needs the unit's side and its place, whatever it selects.
func (CapacityUnit) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{
		ent.TraverseFunc(func(_ context.Context, q ent.Query) error {
			if units, ok := q.(interface{ SelectSide() }); ok {
				units.SelectSide()
			}
			return nil
		}),
	}
}

// Indexes of the CapacityUnit.
func (CapacityUnit) Indexes() []ent.Index {
	return []ent.Index{index.Fields("customer_id", "place", "id")}
}

// Annotations of the CapacityUnit.
func (CapacityUnit) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entsql.Checks(map[string]string{
			"capacity_unit_amount": "amount BETWEEN 1 AND 9007199254740991",
			"capacity_unit_kind":   "kind IN ('AVAILABLE', 'CONSUMED')",
			"capacity_unit_type":   "type IN ('CU', 'LV', 'MU', 'NBU', 'NUIPPORTS', 'NUM', 'SUA', 'SUP', 'WV')",
		}),
	}
}
