package migrate

import (
	"embed"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
)

// Files are the migrations: goose's SQL files in a directory for each database,
// in the order of their names.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS

// Desired are the tables as a migrated database has them. They are ent's but
// for two things: no foreign key leads out of jobs, which outlive what they
// speak of, and SQLite, which compares text by its bytes anyway, knows no
// collation "C".
func Desired(name string) []*schema.Table {
	desired := make([]*schema.Table, len(Tables))
	for i, t := range Tables {
		table := schema.NewTable(t.Name).SetAnnotation(t.Annotation)
		table.PrimaryKey, table.Indexes, table.ForeignKeys = t.PrimaryKey, t.Indexes, t.ForeignKeys
		if t.Name == JobsTable.Name {
			table.ForeignKeys = nil
		}
		for _, c := range t.Columns {
			column := *c
			if name == dialect.SQLite {
				column.Collation = ""
			}
			table.AddColumn(&column)
		}
		desired[i] = table
	}
	return desired
}
