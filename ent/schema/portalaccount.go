package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"cloudapi/ent/schema/mixin"
)

// PortalAccount is an account of the embedded ITPS portal (CONTRACT.md, 5).
type PortalAccount struct{ ent.Schema }

// Mixin of the PortalAccount.
func (PortalAccount) Mixin() []ent.Mixin { return []ent.Mixin{mixin.Identity{}, mixin.Created{}} }

// Fields of the PortalAccount.
func (PortalAccount) Fields() []ent.Field {
	return []ent.Field{
		field.String("username").SchemaType(textColumn()).Unique().Immutable().
			Validate(required("username", maxName)).
			Annotations(bytewise(), entgql.OrderField("USERNAME")),
		field.String("password_hash").SchemaType(textColumn()).Sensitive().
			Annotations(entgql.Skip(entgql.SkipAll)),
	}
}

// Indexes of the PortalAccount.
func (PortalAccount) Indexes() []ent.Index {
	return []ent.Index{index.Fields("created_at", "id")}
}

// Annotations of the PortalAccount.
func (PortalAccount) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}
