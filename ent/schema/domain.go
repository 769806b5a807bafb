package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"

	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/stamp"
)

// Domain is a domain name registered for a customer. Its unique name gives a domain at most one owner (CONTRACT.md, 5).
type Domain struct{ ent.Schema }

// Mixin of the Domain.
func (Domain) Mixin() []ent.Mixin { return []ent.Mixin{mixin.Identity{}} }

// Fields of the Domain.
func (Domain) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("customer_id", uuid.UUID{}).Immutable().
			Annotations(entgql.MapsTo("customerId")),
		field.String("name").SchemaType(textColumn()).Unique().Immutable().
			Annotations(bytewise(), entgql.OrderField("NAME")),
		field.Time("registered_at").Default(stamp.Now).Immutable().
			Annotations(entgql.OrderField("REGISTERED_AT")),
		field.String("portal_username").SchemaType(textColumn()).Immutable().
			Validate(required("username", maxName)),
	}
}

// Edges of the Domain.
func (Domain) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("customer", Customer.Type).Ref("domains").Field("customer_id").
			Unique().Required().Immutable(),
	}
}

// Indexes of the Domain: domains are listed only for a customer.
func (Domain) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("customer_id", "id"), index.Fields("customer_id", "name", "id"),
		index.Fields("customer_id", "registered_at", "id"),
	}
}

// Annotations of the Domain.
func (Domain) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}
