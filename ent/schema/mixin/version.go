package mixin

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"
	"github.com/google/uuid"
)

// Version gives an entity a guid that is new after each change (CONTRACT.md, 2).
type Version struct {
	mixin.Schema
	// Later says that tables of the entity had rows before it had versions: the
	// column has a default, which SQLite needs to add it.
	Later bool
}

// Fields of the mixin.
func (v Version) Fields() []ent.Field {
	version := field.UUID("version", uuid.UUID{}).Default(uuid.New)
	if v.Later {
		none := "'" + uuid.Nil.String() + "'"
		version.Annotations(entsql.DefaultExprs(map[string]string{
			dialect.Postgres: none + "::uuid", dialect.SQLite: none,
		}))
	}
	return []ent.Field{version}
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
