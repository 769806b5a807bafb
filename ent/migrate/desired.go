// Package migrate has the migrations of both databases, as SQL files, and the schema that they lead to.
package migrate

import (
	"embed"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
)

// Files has the migrations: goose's SQL files in a directory for each database, in the order of their names.
//
//go:embed postgres/*.sql sqlite/*.sql
var Files embed.FS

// Desired returns the tables of a migrated database. They are ent's, with four differences: no foreign key refers out of
// jobs, because jobs outlive the objects they name; jobs have positions (events.go); SQLite, which compares text by bytes
// anyway, has no collation "C"; and PostgreSQL normalizes the condition of a partial index.
func Desired(name string) []*schema.Table {
	desired := make([]*schema.Table, len(Tables))
	for i, t := range Tables {
		table := schema.NewTable(t.Name).SetAnnotation(t.Annotation)
		table.PrimaryKey, table.Indexes, table.ForeignKeys = t.PrimaryKey, indexes(name, t.Indexes), t.ForeignKeys
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
	return addEvents(name, desired)
}

func indexes(name string, list []*schema.Index) []*schema.Index {
	if name != dialect.Postgres {
		return list
	}
	told := make([]*schema.Index, len(list))
	for i, index := range list {
		told[i] = index
		if a := index.Annotation; a != nil && a.Where == "status <> 'DONE'" {
			own, annotation := *index, *a
			annotation.Where = "((status)::text <> 'DONE'::text)"
			own.Annotation = &annotation
			told[i] = &own
		}
	}
	return told
}
