// Package edgeexists narrows queries by what stands behind link tables. ent asks
// whether a guid is IN all those of the link table, which PostgreSQL turns
// round only while nobody says NOT: then it reads the whole table, or, where
// that does not fit into its memory, reads it again for each row. Asked
// whether a row EXISTS it looks into the index either way. SQLite does well
// with IN, and badly with EXISTS.
package edgeexists

import (
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// HasNeighbors is sqlgraph.HasNeighbors; the generated predicates call it.
func HasNeighbors(q *sql.Selector, s *sqlgraph.Step) {
	if !linked(q, s) {
		sqlgraph.HasNeighbors(q, s)
		return
	}
	link, own, _ := through(q, s)
	q.Where(sql.Exists(sql.Dialect(q.Dialect()).Select(link.C(own)).From(link).
		Where(sql.ColumnsEQ(q.C(s.From.Column), link.C(own)))))
}

// HasNeighborsWith is sqlgraph.HasNeighborsWith; the generated predicates call
// it.
func HasNeighborsWith(q *sql.Selector, s *sqlgraph.Step, pred func(*sql.Selector)) {
	if !linked(q, s) {
		sqlgraph.HasNeighborsWith(q, s, pred)
		return
	}
	link, own, other := through(q, s)
	to := sql.Dialect(q.Dialect()).Table(s.To.Table).Schema(s.To.Schema).As(free(q, "neighbor"))
	matches := sql.Dialect(q.Dialect()).Select().From(to)
	matches.WithContext(q.Context())
	pred(matches)
	found := sql.Dialect(q.Dialect()).Select(link.C(own)).From(link).
		Join(to).On(link.C(other), to.C(s.To.Column)).
		Where(sql.ColumnsEQ(q.C(s.From.Column), link.C(own)))
	if where := matches.P(); where != nil {
		found.Where(where)
	}
	q.Where(sql.Exists(found))
}

func linked(q *sql.Selector, s *sqlgraph.Step) bool {
	return q.Dialect() == dialect.Postgres && s.ThroughEdgeTable()
}

// through returns the link table, its column of the rows that are narrowed, and
// that of their neighbors.
func through(q *sql.Selector, s *sqlgraph.Step) (link *sql.SelectTable, own, other string) {
	link = sql.Dialect(q.Dialect()).Table(s.Edge.Table).Schema(s.Edge.Schema).As(free(q, "link"))
	own, other = s.Edge.Columns[0], s.Edge.Columns[1]
	if s.Edge.Inverse {
		own, other = other, own
	}
	return link, own, other
}

// free is a name that differs from the one that q's rows go by. What stands
// further outside may be hidden: a condition speaks of the rows it narrows, and
// of those next to them.
func free(q *sql.Selector, name string) string {
	for n := 1; ; n++ {
		if alias := fmt.Sprintf("%s%d", name, n); sql.Dialect(q.Dialect()).Table("any").As(alias).C("c") != q.C("c") {
			return alias
		}
	}
}
