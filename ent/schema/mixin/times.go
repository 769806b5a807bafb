package mixin

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	"cloudapi/internal/stamp"
)

// Created adds the time when a row was created.
type Created struct{ mixin.Schema }

// Fields of the mixin.
func (Created) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").
			Default(stamp.Now).
			Immutable().
			Annotations(entgql.OrderField("CREATED_AT")),
	}
}

// Updated adds the time when a row was last changed.
type Updated struct{ mixin.Schema }

// Fields of the mixin.
func (Updated) Fields() []ent.Field {
	return []ent.Field{
		field.Time("updated_at").
			Default(stamp.Now).
			UpdateDefault(stamp.Now).
			Annotations(entgql.OrderField("UPDATED_AT")),
	}
}
