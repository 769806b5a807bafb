package mixin

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// Version gives an entity a guid that is new after each change (CONTRACT.md, 2).
type Version struct{ mixin.Schema }

// Fields of the mixin.
func (Version) Fields() []ent.Field {
	return []ent.Field{field.UUID("version", uuid.UUID{}).Default(uuid.New)}
}

// Hooks of the mixin.
func (Version) Hooks() []ent.Hook {
	return []ent.Hook{renewVersion}
}

func renewVersion(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		if v, ok := m.(interface{ SetVersion(uuid.UUID) }); ok && m.Op().Is(ent.OpUpdate|ent.OpUpdateOne) {
			v.SetVersion(uuid.New())
		}
		return next.Mutate(ctx, m)
	})
}
