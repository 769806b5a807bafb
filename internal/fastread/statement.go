package fastread

import (
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"cloudapi/ent/capacityunit"
)

// maxGuids is the maximum number of guids in a statement.
const maxGuids = 32

// roundUp returns the smallest power of two that is at least n, so that a few statements serve all numbers of guids.
func roundUp(n int) int {
	for size := 1; ; size *= 2 {
		if size >= n {
			return size
		}
	}
}

// statement returns the statement for n guids; a connection needs none.
func (p *plan) statement(n int) statement {
	n = roundUp(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.statements[n]; ok {
		return s
	}
	b := &sql.Builder{}
	b.SetDialect(p.dialect)
	var s statement
	if p.dialect == dialect.Postgres {
		p.postgres(b, n)
	} else {
		s.selects = p.sqlite(b)
	}
	s.query = b.String()
	_, s.args = b.Query()
	p.statements[n] = s
	return s
}

func (l *level) name() string { return "t" + strconv.Itoa(l.tag) }

// table returns the table of a level.
func (p *plan) table(l *level) *sql.SelectTable {
	return sql.Dialect(p.dialect).Table(l.entity.Table).As(l.name())
}

// read adds ORDER BY and LIMIT.
func (l *level) read(rows *sql.Selector, t *sql.SelectTable) {
	switch {
	case l.group != "" && t.Dialect() == dialect.Postgres:
		rows.OrderExpr(sql.ExprFunc(func(b *sql.Builder) { b.Ident(t.C(l.group)).WriteString(` COLLATE "C"`) }))
	case len(l.order) > 0:
		rows.OrderBy(orderBy(l.reading(), t)...)
	}
	if n := l.page.limit(); n > 0 {
		rows.Limit(n)
	}
}

func orderBy(order []ordering, t *sql.SelectTable) []string {
	all := make([]string, len(order))
	for i, o := range order {
		all[i] = sql.Asc(t.C(o.column))
		if o.desc {
			all[i] = sql.Desc(t.C(o.column))
		}
	}
	return all
}

// needs returns the columns of the selected values.
func (l *level) needs(t *sql.SelectTable) []string {
	var columns []string
	for _, name := range l.needed() {
		columns = append(columns, t.C(name))
	}
	return columns
}

func (l *level) needed() []string {
	var names []string
	for _, c := range l.columns {
		names = append(names, c.name)
	}
	if len(names) == 0 {
		names = append(names, "id")
	}
	return names
}

// sums writes the difference of the sums of a part of each amount.
func (c column) sums(b *sql.Builder, t *sql.SelectTable, part string) {
	b.WriteByte('(')
	for i, kind := range c.difference {
		if i > 0 {
			b.WriteString(" - ")
		}
		b.WriteString("coalesce(sum(").Ident(t.C(capacityunit.FieldAmount)).WriteString(part).WriteString(") FILTER (WHERE ").
			Ident(t.C(capacityunit.FieldKind)).WriteString(" = '" + string(kind) + "'), 0)")
	}
	b.WriteByte(')')
}
