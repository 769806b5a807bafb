package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// ServerKey is a key that the servers on one database share if none is configured.
type ServerKey struct{ ent.Schema }

// Fields of the ServerKey.
func (ServerKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").SchemaType(textColumn()).Immutable(),
		field.Bytes("value").Immutable().Sensitive(),
	}
}

// Annotations of the ServerKey.
func (ServerKey) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}
