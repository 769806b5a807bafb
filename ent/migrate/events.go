package migrate

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
)

// addEvents adds to the tables what internal/event reads and ent does not know:
// the position of each job, which the database itself fills in, whatever
// statement writes the row. On PostgreSQL it is a default, so that a change costs
// no statement more; a trigger renews it when a job goes a step further. SQLite
// has triggers for both.
func addEvents(name string, tables []*schema.Table) []*schema.Table {
	position := &schema.Column{Name: "event_position", Type: field.TypeInt64, Nullable: true}
	where := "event_position IS NOT NULL"
	if name == dialect.Postgres {
		position.Default = schema.Expr("((pg_current_xact_id())::text)::bigint")
		where = "(event_position IS NOT NULL)"
	}
	for _, t := range tables {
		if t.Name != JobsTable.Name {
			continue
		}
		t.AddColumn(position)
		id, _ := t.Column("id")
		// A copy: the list is that of ent's own table.
		t.Indexes = append(append([]*schema.Index{}, t.Indexes...), &schema.Index{
			Name: "job_event_position_id", Columns: []*schema.Column{position, id},
			Annotation: entsql.IndexWhere(where),
		})
	}
	id := &schema.Column{Name: "id", Type: field.TypeInt64}
	state := schema.NewTable("event_state").
		AddColumn(id).
		AddColumn(&schema.Column{Name: "epoch", Type: field.TypeString, SchemaType: textType()}).
		AddColumn(&schema.Column{Name: "source", Type: field.TypeString, SchemaType: textType()}).
		AddColumn(&schema.Column{Name: "pruned", Type: field.TypeInt64})
	state.PrimaryKey = []*schema.Column{id}
	return append(tables, state)
}

func textType() map[string]string {
	return map[string]string{dialect.Postgres: "text", dialect.SQLite: "text"}
}
