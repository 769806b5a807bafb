package read

import (
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// connection is a page of the neighbours of a row, as one expression.
func (c *compiler) connection(parent *sql.SelectTable, to edge, f graphql.CollectedField) (func(*sql.Builder), error) {
	size, err := c.pageSize(f)
	if err != nil {
		return nil, err
	}
	e := c.entities[to.to]
	selected := graphql.CollectFields(c.oc, f.Selections, []string{e.name + "Connection"})
	nodes, err := c.nodes(e, selected, false)
	if err != nil {
		return nil, err
	}
	members := make([]member, 0, len(selected))
	for _, part := range selected {
		value, err := c.part(e, part, size, nodes, to, parent)
		if err != nil {
			return nil, err
		}
		members = append(members, member{part.Alias, value})
	}
	object, err := build(members)
	if err != nil {
		return nil, err
	}
	t := nodes.table
	rows := c.neighbours(e, t, to, parent).OrderBy(t.C("id")).Limit(size + 1)
	rows.SelectExpr(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("row_number() OVER (ORDER BY ").Ident(t.C("id")).WriteString(") AS n")
		for i, object := range nodes.objects {
			b.WriteString(", ").Join(object).WriteString(" AS o" + string(rune('0'+i)))
		}
	}))
	return func(b *sql.Builder) {
		b.WriteString("(SELECT ").Join(object).WriteString(" FROM (").Join(rows).WriteString(") x)")
	}, nil
}

// nodeObjects are the objects that the parts of a connection make of its nodes:
// one for each selection of `nodes` or `edges { node }`.
type nodeObjects struct {
	table   *sql.SelectTable
	objects []sql.Querier
	column  map[string]string // the column of each, by alias and alias below
}

// mostObjects is how often one connection may select its nodes.
const mostObjects = 5

func (c *compiler) nodes(e *entity, selected []graphql.CollectedField, cursors bool) (*nodeObjects, error) {
	n := &nodeObjects{table: c.table(e), column: map[string]string{}}
	add := func(key string, set ast.SelectionSet) error {
		object, err := c.object(e, n.table, set)
		if err != nil {
			return err
		}
		n.column[key] = "x.o" + string(rune('0'+len(n.objects)))
		n.objects = append(n.objects, object)
		if len(n.objects) > mostObjects {
			return errNotCovered
		}
		return nil
	}
	for _, part := range selected {
		switch part.Name {
		case "nodes":
			if err := add(part.Alias, part.Selections); err != nil {
				return nil, err
			}
		case "edges":
			for _, inner := range graphql.CollectFields(c.oc, part.Selections, []string{e.name + "Edge"}) {
				if inner.Name == "cursor" && cursors {
					continue
				}
				if inner.Name != "node" {
					return nil, errNotCovered
				}
				if err := add(part.Alias+"."+inner.Alias, inner.Selections); err != nil {
					return nil, err
				}
			}
		}
	}
	return n, nil
}

// part is one part of a connection.
func (c *compiler) part(e *entity, f graphql.CollectedField, size int, n *nodeObjects, to edge, parent *sql.SelectTable) (func(*sql.Builder), error) {
	page := func(b *sql.Builder, write func()) {
		b.WriteString("coalesce(json_agg(")
		write()
		b.WriteString(" ORDER BY x.n) FILTER (WHERE x.n <= ").Arg(size).WriteString("), '[]'::json)")
	}
	switch f.Name {
	case "__typename":
		return func(b *sql.Builder) { b.WriteString("'" + e.name + "Connection'") }, nil
	case "nodes":
		return func(b *sql.Builder) { page(b, func() { b.WriteString(n.column[f.Alias]) }) }, nil
	case "edges":
		var members []member
		for _, inner := range graphql.CollectFields(c.oc, f.Selections, []string{e.name + "Edge"}) {
			name := n.column[f.Alias+"."+inner.Alias]
			members = append(members, member{inner.Alias, func(b *sql.Builder) { b.WriteString(name) }})
		}
		object, err := build(members)
		if err != nil {
			return nil, err
		}
		return func(b *sql.Builder) { page(b, func() { b.Join(object) }) }, nil
	case "pageInfo":
		return c.pageInfo(f, size)
	case "totalCount":
		t := c.table(e)
		count := c.neighbours(e, t, to, parent).SelectExpr(sql.Raw("count(*)"))
		return func(b *sql.Builder) { b.Wrap(func(b *sql.Builder) { b.Join(count) }) }, nil
	}
	return nil, errNotCovered
}

// pageInfo tells whether more follows. Positions are ent's to make, so that a
// selection with cursors is not covered below the root.
func (c *compiler) pageInfo(f graphql.CollectedField, size int) (func(*sql.Builder), error) {
	var members []member
	for _, inner := range graphql.CollectFields(c.oc, f.Selections, []string{"PageInfo"}) {
		var value func(*sql.Builder)
		switch inner.Name {
		case "__typename":
			value = func(b *sql.Builder) { b.WriteString("'PageInfo'") }
		case "hasNextPage":
			value = func(b *sql.Builder) { b.WriteString("count(*) > ").Arg(size) }
		case "hasPreviousPage":
			value = func(b *sql.Builder) { b.WriteString("false") }
		default:
			return nil, errNotCovered
		}
		members = append(members, member{inner.Alias, value})
	}
	object, err := build(members)
	if err != nil {
		return nil, err
	}
	return func(b *sql.Builder) { b.Join(object) }, nil
}

// neighbours are the rows at the other end of an edge that the viewer may see.
func (c *compiler) neighbours(e *entity, t *sql.SelectTable, to edge, parent *sql.SelectTable) *sql.Selector {
	s := sql.Dialect(dialect.Postgres).Select().From(t)
	if to.link == "" {
		s.Where(sql.ColumnsEQ(t.C(to.fk), parent.C("id")))
	} else {
		c.tables++
		link := sql.Dialect(dialect.Postgres).Table(to.link).As("l" + strconv.Itoa(c.tables))
		s.Join(link).On(link.C(to.target), t.C("id"))
		s.Where(sql.ColumnsEQ(link.C(to.from), parent.C("id")))
	}
	e.visible(c.viewer, s)
	return s
}
