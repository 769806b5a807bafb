// Package edgeexists replaces ent's predicates over edges. ent compares the guid with `IN (SELECT … FROM link table)`. Under
// a NOT, PostgreSQL reads the whole link table for that, or reads it once for each row if it does not fit into work_mem.
// EXISTS uses the index in both cases. SQLite plans IN well and EXISTS badly, so it keeps IN.
package edgeexists

import (
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// HasNeighbors replaces sqlgraph.HasNeighbors; the generated predicates call it.
func HasNeighbors(q *sql.Selector, s *sqlgraph.Step) {
	if !linked(q, s) {
		sqlgraph.HasNeighbors(q, s)
		return
	}
	link, own, _ := through(q, s)
	q.Where(sql.Exists(sql.Dialect(q.Dialect()).Select(link.C(own)).From(link).
		Where(sql.ColumnsEQ(q.C(s.From.Column), link.C(own)))))
}

// HasNeighborsWith replaces sqlgraph.HasNeighborsWith; the generated predicates call it.
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

// through returns the link table, its column for the rows being filtered, and its column for their neighbors.
func through(q *sql.Selector, s *sqlgraph.Step) (link *sql.SelectTable, own, other string) {
	link = sql.Dialect(q.Dialect()).Table(s.Edge.Table).Schema(s.Edge.Schema).As(free(q, "link"))
	own, other = s.Edge.Columns[0], s.Edge.Columns[1]
	if s.Edge.Inverse {
		own, other = other, own
	}
	return link, own, other
}

// free returns a table alias that differs from the one q uses. It may hide an alias further outside: a condition refers only
// to the filtered rows and their direct neighbors.
func free(q *sql.Selector, name string) string {
	for n := 1; ; n++ {
		if alias := fmt.Sprintf("%s%d", name, n); sql.Dialect(q.Dialect()).Table("any").As(alias).C("c") != q.C("c") {
			return alias
		}
	}
}
