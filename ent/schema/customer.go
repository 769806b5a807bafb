package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"cloudapi/ent/schema/mixin"
)

// Customer buys capacity from the provider.
type Customer struct{ ent.Schema }

// Mixin of the Customer.
func (Customer) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.Identity{}, mixin.Version{}, mixin.Created{}, mixin.Updated{}, mixin.Folded{Columns: []string{"city"}}}
}

// Fields of the Customer.
func (Customer) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").SchemaType(textColumn()).Validate(required("name", maxName)).
			Annotations(bytewise()),
		// The name with its case folded. Filters and orders by name compare it, so that they work alike on both databases.
		field.String("name_fold").SchemaType(textColumn()).
			Annotations(bytewise(), entgql.OrderField("NAME"), entgql.MapsTo("nameFold")),
		field.String("description").SchemaType(textColumn()).Default("").Validate(optional("description", maxText)),
		field.String("address").SchemaType(textColumn()).Default("").Validate(optional("address", maxText)),
		field.String("city").SchemaType(textColumn()).Default("").Validate(optional("city", maxText)).
			Annotations(bytewise(), entgql.OrderField("CITY")),
		field.String("country").SchemaType(textColumn()).Default("").Validate(optional("country", maxText)).
			Annotations(bytewise(), entgql.OrderField("COUNTRY")),
		field.Enum("status").Values("ACTIVE", "CONFIGURED", "DISABLED").Default("CONFIGURED").
			Annotations(entgql.OrderField("STATUS")),
		field.UUID("resource_group_id", uuid.UUID{}).Optional().Nillable().
			Annotations(entgql.MapsTo("resourceGroupId")),
		field.UUID("retention_policy_id", uuid.UUID{}).Optional().Nillable().
			Annotations(entgql.MapsTo("retentionPolicyId")),
	}
}

// Edges of the Customer.
func (Customer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("capacity_units", CapacityUnit.Type).
			Annotations(entsql.OnDelete(entsql.Cascade),
				entgql.MapsTo("capacityAvailable", "capacityConsumed", "capacityBalance")),
		edge.To("cloud_user_groups", CloudUserGroup.Type).
			StorageKey(edge.Table("customer_cloud_user_groups"), edge.Columns("customer_id", "cloud_user_group_id")).
			Annotations(entgql.RelayConnection()),
		edge.To("domains", Domain.Type).
			Annotations(entsql.OnDelete(entsql.Cascade), entgql.RelayConnection()),
		edge.To("cloud_spaces", CloudSpace.Type).
			Annotations(entsql.OnDelete(entsql.Cascade), entgql.RelayConnection()),
		edge.To("jobs", Job.Type).
			Annotations(entgql.RelayConnection()),
	}
}

// Indexes of the Customer: one for each order and filter of the API.
func (Customer) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("name"),
		index.Fields("name_fold", "id"),
		index.Fields("created_at", "id"),
		index.Fields("updated_at", "id"),
		index.Fields("city", "id"),
		index.Fields("city_fold", "id"),
		index.Fields("country", "id"),
		index.Fields("status", "id"),
		index.Fields("status", "name_fold", "id"),
		index.Fields("status", "created_at", "id"),
		index.Fields("country", "name_fold", "id"),
		index.Fields("country", "created_at", "id"),
		index.Fields("resource_group_id", "id"),
		index.Fields("retention_policy_id", "id"),
	}
}

// Annotations of the Customer.
func (Customer) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entgql.RelayConnection(),
		entsql.Checks(map[string]string{
			"customer_name":   "length(name) BETWEEN 1 AND 255",
			"customer_status": "status IN ('ACTIVE', 'CONFIGURED', 'DISABLED')",
		}),
	}
}
