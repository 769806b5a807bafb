package mixin

import (
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
)

// Created keeps when a row was made.
type Created struct{ mixin.Schema }

// Fields of the mixin.
func (Created) Fields() []ent.Field {
	return []ent.Field{
		field.Time("created_at").
			Default(Now).
			Immutable().
			Annotations(entgql.OrderField("CREATED_AT")),
	}
}

// Updated keeps when a row was last changed.
type Updated struct{ mixin.Schema }

// Fields of the mixin.
func (Updated) Fields() []ent.Field {
	return []ent.Field{
		field.Time("updated_at").
			Default(Now).
			UpdateDefault(Now),
	}
}

// Now is the present in UTC, to the microsecond: what both databases keep.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
