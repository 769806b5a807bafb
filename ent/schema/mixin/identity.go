// Package mixin has the fields that several entities share: guids, versions and times.
package mixin

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"

	"cloudapi/internal/stamp"
)

// Identity gives an entity its guid. Version 7 (RFC 9562) keeps new rows together in the primary key and makes the order of
// guids the order of creation.
type Identity struct{ mixin.Schema }

// Fields of the mixin.
func (Identity) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).
			Default(stamp.NewID).
			Immutable(),
	}
}
