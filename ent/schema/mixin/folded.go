package mixin

import (
	"context"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	"cloudapi/internal/textrule"
)

// Folded adds, for each of some text columns, a column with the same text and its case folded. Filters that ignore case
// compare it, so that they work alike on both databases, and by an index.
type Folded struct {
	mixin.Schema
	// Columns are the text columns.
	Columns []string
}

// Fields of the mixin.
func (f Folded) Fields() []ent.Field {
	fields := make([]ent.Field, len(f.Columns))
	for i, column := range f.Columns {
		fields[i] = field.String(textrule.FoldedColumn(column)).Default("").
			SchemaType(map[string]string{dialect.Postgres: "text", dialect.SQLite: "text"}).
			Annotations(entsql.Annotation{Collation: "C"}, entgql.Skip(entgql.SkipAll))
	}
	return fields
}

// Hooks of the mixin.
func (f Folded) Hooks() []ent.Hook {
	return []ent.Hook{func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			for _, column := range f.Columns {
				given, ok := m.Field(column)
				if !ok {
					continue
				}
				if text, ok := given.(string); ok {
					if err := m.SetField(textrule.FoldedColumn(column), textrule.Fold(text)); err != nil {
						return nil, err
					}
				}
			}
			return next.Mutate(ctx, m)
		})
	}}
}
