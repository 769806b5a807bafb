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
)

// AccessToken signs its user in. The database holds only a hash of it.
type AccessToken struct{ ent.Schema }

// Mixin of the AccessToken.
func (AccessToken) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.Identity{}, mixin.Created{}}
}

// Fields of the AccessToken.
func (AccessToken) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("user_id", uuid.UUID{}).Immutable().
			Annotations(entgql.MapsTo("userId")),
		field.Enum("kind").Values("SESSION", "PERSONAL").Immutable(),
		field.String("name").SchemaType(textColumn()).Default("").Validate(optional("name", maxName)).Immutable(),
		field.Bytes("hash").Unique().Immutable().Sensitive().
			Annotations(entgql.Skip(entgql.SkipAll)),
		field.Enum("scope").Values("FULL", "READ").Default("FULL").Immutable(),
		// Rounded to the hour, and written at most once an hour.
		field.Time("last_used_at").Optional().Nillable(),
		field.Time("expires_at").Optional().Nillable().Immutable(),
	}
}

// Edges of the AccessToken.
func (AccessToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", CloudUser.Type).Ref("access_tokens").Field("user_id").
			Unique().Required().Immutable(),
	}
}

// Indexes of the AccessToken.
func (AccessToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "id"), index.Fields("expires_at"), index.Fields("created_at", "id")}
}

// Annotations of the AccessToken.
func (AccessToken) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}
