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

// Version adds a guid that is new after each change (CONTRACT.md, 2).
type Version struct {
	mixin.Schema
	// Later is true if the entity's table had rows before it had versions: SQLite can add the column only with a default.
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
