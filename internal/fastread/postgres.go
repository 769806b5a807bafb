package fastread

import (
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"cloudapi/ent"
)

// postgres writes the statement for n guids; a connection needs none.
func (p *plan) postgres(b *sql.Builder, n int) {
	for i, l := range p.root.below {
		if i > 0 {
			b.WriteString(" UNION ALL ")
		}
		b.Wrap(func(b *sql.Builder) {
			if p.guid == nil {
				p.branch(b, l, nil)
			} else {
				p.found(b, l, n)
			}
		})
	}
}

// branch writes the rows of a level, each followed by its rows of the lower levels. The parts of a UNION ALL arrive one after
// another, and a nested loop keeps the order of its outer rows. Both hold without parallel workers, which internal/store disables.
func (p *plan) branch(b *sql.Builder, l *level, above *sql.SelectTable) {
	t := p.table(l)
	rows := l.rows(t, above)
	if l.maxCount > 0 {
		b.WriteString("SELECT ").Join(p.single(l, func(b *sql.Builder) {
			b.WriteString("(SELECT ").WriteString(l.counted()).WriteString(" FROM ").
				Wrap(func(b *sql.Builder) { b.Join(rows.Select(t.C("id")).Limit(l.maxCount)) }).WriteString(" AS c)")
		}))
		return
	}
	if l.counts {
		b.Join(rows.SelectExpr(p.single(l, func(b *sql.Builder) { b.WriteString("count(*)::text") })))
		return
	}
	if l.exists {
		b.WriteString("SELECT ").Join(p.single(l, func(b *sql.Builder) {
			b.WriteString("EXISTS ").Wrap(func(b *sql.Builder) { b.Join(rows.Select(t.C("id"))) }).WriteString("::text")
		}))
		return
	}
	if l.group != "" {
		rows.GroupBy(t.C(l.group))
	}
	l.read(rows, t)
	if len(l.below) == 0 && !l.page.fromEnd() {
		b.Join(rows.SelectExpr(p.values(l, t)))
		return
	}
	p.nested(b, l, t, rows.Select(l.needs(t)...))
}

// counted returns the expression of a level with a maximum count.
func (l *level) counted() string {
	if l.atLeast {
		return "(count(*) = " + strconv.Itoa(l.maxCount) + ")::text"
	}
	return "count(*)::text"
}

// found writes the row of each of n guids.
func (p *plan) found(b *sql.Builder, l *level, n int) {
	t := p.table(l)
	rows := l.rows(t, nil)
	if n == 1 {
		p.nested(b, l, t, rows.Where(sql.EQ(t.C("id"), param{part: guidOf})).Select(l.needs(t)...))
		return
	}
	keys := sql.Dialect(dialect.Postgres).Table("keys").As("k")
	rows.Join(keys).On(keys.C("id"), t.C("id"))
	b.WriteString("WITH keys(id) AS (VALUES ")
	for i := range n {
		if i > 0 {
			b.Comma()
		}
		b.WriteByte('(').Arg(param{part: guidOf, n: i}).WriteString("::uuid)")
	}
	b.WriteString(") ")
	p.nested(b, l, t, rows.Select(l.needs(t)...))
}

// nested writes rows with their rows of the lower levels.
func (p *plan) nested(b *sql.Builder, l *level, t *sql.SelectTable, rows *sql.Selector) {
	b.WriteString("SELECT x.* FROM ").Wrap(func(b *sql.Builder) { l.shown(b, t, rows) }).WriteString(" AS ").Ident(l.name()).
		WriteString(" CROSS JOIN LATERAL ").Wrap(func(b *sql.Builder) {
		b.WriteString("SELECT ").Join(p.values(l, t))
		for _, below := range l.below {
			b.WriteString(" UNION ALL ").Wrap(func(b *sql.Builder) { p.branch(b, below, t) })
		}
	}).WriteString(" AS x")
}

// shown writes rows in the order of the answer.
func (l *level) shown(b *sql.Builder, t *sql.SelectTable, rows *sql.Selector) {
	if !l.page.fromEnd() {
		b.Join(rows)
		return
	}
	b.WriteString("SELECT * FROM ").Wrap(func(b *sql.Builder) { b.Join(rows) }).WriteString(" AS ").Ident(l.name()).
		WriteString(" ORDER BY ")
	for i, by := range orderBy(l.order, t) {
		if i > 0 {
			b.Comma()
		}
		b.WriteString(by)
	}
}

// values returns the values of a row: its tag, and each value in its slot.
func (p *plan) values(l *level, t *sql.SelectTable) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		p.row(b, l.tag, func(at slot) bool {
			for _, c := range l.columns {
				if c.slot == at {
					c.postgres(b, t)
					return true
				}
			}
			return false
		})
	})
}

// postgres writes a value: guids unchanged, all others as text.
func (c column) postgres(b *sql.Builder, t *sql.SelectTable) {
	switch {
	case len(c.difference) > 0:
		c.sums(b, t, "")
		b.WriteString("::text")
	case c.kind == ent.KindUUID:
		b.Ident(t.C(c.name))
	default:
		b.Ident(t.C(c.name)).WriteString("::text")
	}
}

// single returns the values of a row with its tag and one text.
func (p *plan) single(l *level, write func(*sql.Builder)) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		p.row(b, l.tag, func(at slot) bool {
			if at == (slot{}) {
				write(b)
			}
			return at == (slot{})
		})
	})
}

// row writes the columns of a row.
func (p *plan) row(b *sql.Builder, tag int, write func(slot) bool) {
	b.WriteString(strconv.Itoa(tag))
	p.slots(b, write)
}

// slots writes the values of a row, NULL for unused slots.
func (p *plan) slots(b *sql.Builder, write func(slot) bool) {
	null := func(typ string) string {
		if p.dialect == dialect.Postgres {
			return "NULL::" + typ
		}
		return "NULL"
	}
	for _, kind := range []struct {
		uuid  bool
		count int
		null  string
	}{{true, p.uuids, null("uuid")}, {false, p.texts, null("text")}} {
		for n := range kind.count {
			b.Comma()
			if !write(slot{uuid: kind.uuid, n: n}) {
				b.WriteString(kind.null)
			}
		}
	}
}
