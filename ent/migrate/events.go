package migrate

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
)

// addEvents adds what internal/event reads and ent cannot express: the position of each job. The database assigns it,
// whichever statement writes the row. On PostgreSQL it is a column default, which costs no extra statement, and a trigger
// renews it when the job's status changes. SQLite uses triggers for both.
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
		// Copied, because ent's own table shares the list.
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
