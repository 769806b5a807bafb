package fastread

import (
	"strconv"
	"strings"

	"entgo.io/ent/dialect/sql"

	"cloudapi/ent"
)

// SQLite has no LATERAL. Its statement returns the rows level by level, each with the key of the row above; merge.go brings them into
// depth-first order. A level with lower levels is a common table expression, which has the keys of those:
//
//	WITH c0(k, id, name) AS MATERIALIZED (SELECT NULL, … FROM customers AS t0 … LIMIT 50)
//	SELECT 0, k, … FROM c0
//	UNION ALL SELECT 1, k1.id, … FROM c0 AS k1 CROSS JOIN domains AS t1 ON t1.rowid IN (
//		SELECT t1.rowid FROM domains AS t1 WHERE t1.customer_id = k1.id ORDER BY t1.id LIMIT 50)
//
// The subquery limits the rows of each key. CROSS JOIN makes the keys the outer loop.

// prepareMerge adds the slots that sort the rows, and those of the keys of lower levels.
func (p *plan) prepareMerge() {
	for _, l := range p.levels {
		for _, o := range l.order {
			l.sorted = append(l.sorted, l.plain(o.column, o.kind))
		}
		for _, below := range l.below {
			below.above, below.keySlot = l, l.plain(below.key, ent.KindUUID)
		}
	}
}

// maxSelects is the maximum number of SELECTs in a statement; each use of a common table counts all SELECTs in it. SQLite rejects
// 800.
const maxSelects = 700

// sqlite writes the statement, and returns its number of SELECTs.
func (p *plan) sqlite(b *sql.Builder) (selects int) {
	made := map[*level]int{nil: 0} // of the common tables
	count := func(l *level, write func()) int {
		before := b.Len()
		write()
		return strings.Count(b.String()[before:], "SELECT") + made[l.above]
	}
	with := "WITH "
	for _, l := range p.levels {
		if len(l.below) > 0 {
			b.WriteString(with)
			made[l] = count(l, func() { p.common(b, l) })
			with = ", "
		}
	}
	for i, l := range p.levels {
		if i > 0 {
			b.WriteString(" UNION ALL")
		}
		selects += made[l] + count(l, func() {
			b.WriteString(" SELECT ")
			p.part(b, l)
		})
	}
	return selects
}

// common writes the common table of a level.
func (p *plan) common(b *sql.Builder, l *level) {
	t := p.table(l)
	b.WriteString(l.commonName()).WriteString("(k")
	for _, name := range l.needed() {
		b.WriteString(", ").Ident(name)
	}
	b.WriteString(") AS MATERIALIZED ").Wrap(func(b *sql.Builder) {
		b.WriteString("SELECT ").WriteString(l.keyIdent())
		for _, name := range l.needed() {
			b.WriteString(", ").Ident(t.C(name))
		}
		p.source(b, l, t)
	})
}

// part writes the rows of one level.
func (p *plan) part(b *sql.Builder, l *level) {
	t := p.table(l)
	b.WriteString(strconv.Itoa(l.tag)).WriteString(", ")
	switch {
	case len(l.below) > 0:
		b.WriteString("k")
		p.sqliteRow(b, l, sql.Dialect(p.dialect).Table(l.commonName()))
		b.WriteString(" FROM " + l.commonName())
	case l.counts || l.exists:
		b.WriteString(l.keyIdent())
		p.number(b, l, t)
		if l.above != nil {
			b.WriteString(" FROM " + l.keys())
		}
	default:
		b.WriteString(l.keyIdent())
		p.sqliteRow(b, l, t)
		p.source(b, l, t)
		if l.group != "" {
			b.WriteString(" GROUP BY " + l.keyIdent() + ", ").Ident(t.C(l.group))
		}
	}
}

// source writes the FROM clause of a level.
func (p *plan) source(b *sql.Builder, l *level, t *sql.SelectTable) {
	if l.above == nil {
		rows := l.rows(t, nil).Select(l.needs(t)...)
		if p.guid != nil {
			rows.Where(sql.EQ(t.C("id"), param{part: guidOf}))
		}
		l.read(rows, t)
		b.WriteString(" FROM ").Wrap(func(b *sql.Builder) { b.Join(rows) }).WriteString(" AS " + l.name())
		return
	}
	rows := l.rows(t, l.keyTable(p))
	if l.page.limit() > 0 {
		l.read(rows, t)
	}
	b.WriteString(" FROM " + l.keys() + " CROSS JOIN ").Ident(l.entity.Table).WriteString(" AS " + l.name() + " ON " + l.name() + ".rowid IN ").
		Wrap(func(b *sql.Builder) { b.Join(rows.Select(t.C("rowid"))) })
}

// number writes the row of a level that counts.
func (p *plan) number(b *sql.Builder, l *level, t *sql.SelectTable) {
	var above *sql.SelectTable
	if l.above != nil {
		above = l.keyTable(p)
	}
	rows := l.rows(t, above)
	if l.maxCount > 0 {
		rows.Limit(l.maxCount)
	}
	p.slots(b, func(at slot) bool {
		if at != (slot{}) {
			return false
		}
		switch {
		case l.exists:
			b.WriteString("CASE WHEN EXISTS ").Wrap(func(b *sql.Builder) { b.Join(rows.Select(t.C("id"))) }).WriteString(" THEN 'true' ELSE 'false' END")
		default:
			counted := "count(*)"
			if l.atLeast {
				counted = "CASE count(*) WHEN " + strconv.Itoa(l.maxCount) + " THEN 'true' ELSE 'false' END"
			}
			b.Wrap(func(b *sql.Builder) {
				b.WriteString("SELECT " + counted + " FROM ").Wrap(func(b *sql.Builder) { b.Join(rows.Select(t.C("rowid"))) })
			})
		}
		return true
	})
}

// sqliteRow writes the values of a row, each in its slot.
func (p *plan) sqliteRow(b *sql.Builder, l *level, t *sql.SelectTable) {
	p.slots(b, func(at slot) bool {
		for _, c := range l.columns {
			if c.slot == at {
				c.sqlite(b, t)
				return true
			}
		}
		return false
	})
}

// sqlite writes a value. Times are cast to text, because the driver would parse them. Sums are in two parts, because those of large
// amounts overflow an integer.
func (c column) sqlite(b *sql.Builder, t *sql.SelectTable) {
	switch {
	case len(c.difference) > 0:
		c.sums(b, t, " >> 32")
		b.WriteString(" || ' ' || ")
		c.sums(b, t, " & 4294967295")
	case c.kind == ent.KindTime:
		b.WriteString("CAST(").Ident(t.C(c.name)).WriteString(" AS TEXT)")
	case c.kind == ent.KindBool:
		b.WriteString("CASE ").Ident(t.C(c.name)).WriteString(" WHEN 0 THEN 'false' WHEN 1 THEN 'true' END")
	default:
		b.Ident(t.C(c.name))
	}
}

// commonName returns the name of the common table of a level.
func (l *level) commonName() string { return "c" + strconv.Itoa(l.tag) }

// keyTable returns the table with the keys of a level.
func (l *level) keyTable(p *plan) *sql.SelectTable {
	return sql.Dialect(p.dialect).Table(l.above.commonName()).As("k" + strconv.Itoa(l.tag))
}

// keys returns that table in SQL. Each key occurs once: its rows are read once, and written below each row with the key.
func (l *level) keys() string {
	as := " AS k" + strconv.Itoa(l.tag)
	if l.key == "id" && l.above.unique() {
		return l.above.commonName() + as
	}
	return "(SELECT DISTINCT " + l.key + " FROM " + l.above.commonName() + ")" + as
}

// keyIdent returns the column of the key.
func (l *level) keyIdent() string {
	if l.above == nil {
		return "NULL"
	}
	return "k" + strconv.Itoa(l.tag) + "." + l.key
}

// unique reports whether each row of a level occurs once.
func (l *level) unique() bool {
	return l.above == nil || l.disjoint && l.above.unique()
}
