package read

import (
	"encoding/json"
	"errors"
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/viewer"
)

// errNotCovered sends a field down the ordinary path, which is always right and
// tells what is wrong with an argument.
var errNotCovered = errors.New("not covered by the fast path")

// maxMembers is how many members json_build_object can make: PostgreSQL passes
// at most 100 arguments.
const maxMembers = 50

// compiler turns the selection of one root field into SQL. Everything that
// comes from a client goes into arguments.
type compiler struct {
	oc       *graphql.OperationContext
	viewer   *viewer.Viewer
	entities map[string]*entity
	tables   int
}

// table returns an entity's table under a name that is free.
func (c *compiler) table(e *entity) *sql.SelectTable {
	c.tables++
	return sql.Dialect(dialect.Postgres).Table(e.table).As("t" + strconv.Itoa(c.tables))
}

// member is one member of a JSON object: its key, and what writes its value.
type member struct {
	key   string
	value func(*sql.Builder)
}

// object is a JSON object of what is selected of a row of t.
func (c *compiler) object(e *entity, t *sql.SelectTable, set ast.SelectionSet) (sql.Querier, error) {
	fields := graphql.CollectFields(c.oc, set, []string{e.name, "Node"})
	members := make([]member, 0, len(fields))
	for _, f := range fields {
		value, err := c.value(e, t, f)
		if err != nil {
			return nil, err
		}
		members = append(members, member{f.Alias, value})
	}
	return build(members)
}

func build(members []member) (sql.Querier, error) {
	if len(members) > maxMembers {
		return nil, errNotCovered
	}
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("json_build_object(")
		for i, m := range members {
			if i > 0 {
				b.WriteString(", ")
			}
			b.Arg(m.key).WriteString("::text, ")
			m.value(b)
		}
		b.WriteString(")")
	}), nil
}

// value writes one field of a row.
func (c *compiler) value(e *entity, t *sql.SelectTable, f graphql.CollectedField) (func(*sql.Builder), error) {
	if f.Name == "__typename" {
		return func(b *sql.Builder) { b.WriteString("'" + e.name + "'") }, nil
	}
	if col, ok := e.columns[f.Name]; ok {
		return col.write(t), nil
	}
	if kind, ok := e.lists[f.Name]; ok {
		return c.units(t, kind, f)
	}
	if f.Name == e.balance && e.balance != "" {
		return c.balance(t, f)
	}
	if to, ok := e.edges[f.Name]; ok {
		return c.connection(t, to, f)
	}
	return nil, errNotCovered
}

// write writes a column. A moment is in RFC 3339 form without trailing zeros,
// as the ordinary path has it.
func (col column) write(t *sql.SelectTable) func(*sql.Builder) {
	return func(b *sql.Builder) {
		if col.form != moment {
			b.Ident(t.C(col.name))
			return
		}
		b.WriteString("rtrim(rtrim(to_char(").Ident(t.C(col.name)).
			WriteString(` AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'`)
	}
}

// units is one side of a customer's capacity.
func (c *compiler) units(parent *sql.SelectTable, kind capacityunit.Kind, f graphql.CollectedField) (func(*sql.Builder), error) {
	e := c.entities["CapacityUnit"]
	t := c.table(e)
	object, err := c.object(e, t, f.Selections)
	if err != nil {
		return nil, err
	}
	rows := sql.Dialect(dialect.Postgres).Select().From(t).
		Where(sql.ColumnsEQ(t.C(capacityunit.FieldCustomerID), parent.C("id"))).
		Where(sql.EQ(t.C(capacityunit.FieldKind), kind))
	rows.SelectExpr(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("coalesce(json_agg(").Join(object).WriteString(" ORDER BY ").Ident(t.C("id")).WriteString("), '[]'::json)")
	}))
	return func(b *sql.Builder) { b.Wrap(func(b *sql.Builder) { b.Join(rows) }) }, nil
}

// balance is what a customer has, uses and has left of each type.
func (c *compiler) balance(parent *sql.SelectTable, f graphql.CollectedField) (func(*sql.Builder), error) {
	t := c.table(c.entities["CapacityUnit"])
	sum := func(kinds ...string) func(*sql.Builder) {
		return func(b *sql.Builder) {
			for i, kind := range kinds {
				if i > 0 {
					b.WriteString(" - ")
				}
				b.WriteString("coalesce(sum(").Ident(t.C("amount")).WriteString(") FILTER (WHERE ").
					Ident(t.C("kind")).WriteString(" = '" + kind + "'), 0)")
			}
		}
	}
	values := map[string]func(*sql.Builder){
		"__typename": func(b *sql.Builder) { b.WriteString("'CapacityBalance'") },
		"type":       func(b *sql.Builder) { b.Ident(t.C("type")) },
		"available":  sum("AVAILABLE"), "consumed": sum("CONSUMED"), "remaining": sum("AVAILABLE", "CONSUMED"),
	}
	var members []member
	for _, selected := range graphql.CollectFields(c.oc, f.Selections, []string{"CapacityBalance"}) {
		members = append(members, member{selected.Alias, values[selected.Name]})
	}
	object, err := build(members)
	if err != nil {
		return nil, err
	}
	lines := sql.Dialect(dialect.Postgres).Select().From(t).
		Where(sql.ColumnsEQ(t.C(capacityunit.FieldCustomerID), parent.C("id"))).GroupBy(t.C("type"))
	lines.SelectExpr(sql.ExprFunc(func(b *sql.Builder) { b.Join(object).WriteString(" AS o, ").Ident(t.C("type")).WriteString(" AS k") }))
	return func(b *sql.Builder) {
		b.WriteString(`(SELECT coalesce(json_agg(x.o ORDER BY x.k COLLATE "C"), '[]'::json) FROM (`).Join(lines).WriteString(") x)")
	}, nil
}

// pageSize is how many nodes a connection asks for. What is more than a size is
// left to the ordinary path.
func (c *compiler) pageSize(f graphql.CollectedField) (int, error) {
	size := ent.DefaultPage
	for name, value := range f.ArgumentMap(c.oc.Variables) {
		if value == nil {
			continue
		}
		if name != "first" {
			return 0, errNotCovered
		}
		n, err := strconv.Atoi(text(value))
		if err != nil || n < 1 || n > ent.MaxPage {
			return 0, errNotCovered
		}
		size = n
	}
	return size, nil
}

// text is a number as it was written, "" for what is none.
func text(value any) string {
	switch n := value.(type) {
	case int64:
		return strconv.FormatInt(n, 10)
	case int:
		return strconv.Itoa(n)
	case json.Number:
		return n.String()
	}
	return ""
}
