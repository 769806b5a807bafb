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

// CloudSpace is a place where a customer's machines run. Spaces can contain spaces.
type CloudSpace struct{ ent.Schema }

// Mixin of the CloudSpace.
func (CloudSpace) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.Identity{}, mixin.Version{Later: true}, mixin.Created{}, mixin.Folded{Columns: []string{"name"}}}
}

// Fields of the CloudSpace.
func (CloudSpace) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("customer_id", uuid.UUID{}).Immutable().
			Annotations(entgql.MapsTo("customerId")),
		field.UUID("parent_id", uuid.UUID{}).Optional().Nillable().
			Annotations(entgql.MapsTo("parentId")),
		field.String("name").SchemaType(textColumn()).Validate(required("name", maxName)).
			Annotations(bytewise(), entgql.OrderField("NAME")),
		field.String("description").SchemaType(textColumn()).Default("").Validate(optional("description", maxText)),
		field.Enum("status").Values("ACTIVE", "DISABLED").Default("ACTIVE"),
	}
}

// Edges of the CloudSpace.
func (CloudSpace) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("cloud_spaces").Field("customer_id").
			Unique().Required().Immutable(),
		// NO ACTION: a space with children cannot be deleted. Deleting a customer deletes all of its spaces.
		edge.To("children", CloudSpace.Type).
			Annotations(entsql.OnDelete(entsql.NoAction), entgql.RelayConnection()).
			From("parent").Field("parent_id").Unique(),
	}
}

// Indexes of the CloudSpace: spaces are listed only for a customer or a parent.
func (CloudSpace) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id", "id"), index.Fields("customer_id", "name", "id"),
		index.Fields("customer_id", "created_at", "id"), index.Fields("parent_id", "id"), index.Fields("name_fold", "id"),
	}
}

// Annotations of the CloudSpace.
func (CloudSpace) Annotations() []schema.Annotation {
	return []schema.Annotation{
		entgql.RelayConnection(),
		entsql.Checks(map[string]string{"cloud_space_status": "status IN ('ACTIVE', 'DISABLED')"}),
	}
}
