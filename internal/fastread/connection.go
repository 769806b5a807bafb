package fastread

import (
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent"
)

// connection adds a page of rows. Each selection of `nodes` or `edges` is a level of its own; pageInfo is computed from the first.
func (c *compiler) connection(s *steps, e *entity, f graphql.CollectedField, rows source) error {
	a, err := c.arguments(e, f)
	if err != nil {
		return err
	}
	a.source = rows.narrowed(a.narrow)
	types := []string{e.Name + "Connection"}
	parts := graphql.CollectFields(c.oc, f.Selections, types)
	shown, info := first(parts, "nodes", "edges"), first(parts, "pageInfo")
	var main *level
	if info >= 0 {
		main = c.page(a)
		if shown < 0 || info < shown {
			s.below(step{op: opBuffer, level: main})
		}
	}
	return c.members(s, f.Selections, types, func(part graphql.CollectedField) error {
		switch part.Name {
		case "nodes", "edges":
			l, o := main, opList
			switch {
			case part.Alias != parts[shown].Alias || main == nil:
				l = c.page(a)
			case info < shown:
				o = opBuffered
			}
			if o == opBuffered {
				s.add(step{op: opBuffered, level: l})
			} else {
				s.below(step{op: opList, level: l})
			}
			return c.view(l, part)
		case "pageInfo":
			return c.pageInfo(s, a, main, part)
		case "totalCount":
			l := c.level(e, a.source)
			l.counts, l.texts = true, 1
			if e.Name == "Job" {
				l.maxCount = ent.MaxCounted + 1
			}
			s.below(step{op: opCount, level: l})
			return nil
		case "totalCountIsEstimate":
			l := c.level(e, a.source)
			l.counts, l.maxCount, l.atLeast, l.texts = true, ent.MaxCounted+1, true, 1
			s.below(step{op: opCount, level: l})
			return nil
		}
		return errNotCovered
	})
}

// page adds a level of the rows of a page.
func (c *compiler) page(a *arguments) *level {
	l := c.level(a.entity, a.source.narrowed(func(found *sql.Selector, _ *sql.SelectTable) { a.cut(found) }))
	l.page, l.order = a.page, a.order()
	for _, o := range l.order[:len(l.order)-1] {
		l.page.order = append(l.page.order, l.plain(o.column, o.kind))
		l.page.isTime = o.kind == ent.KindTime
	}
	if a.page.fromEnd() {
		l.id() // the statement sorts the rows by it
	}
	return l
}

// beyond adds a level whose row shows whether rows exist beyond a cursor.
func (c *compiler) beyond(a *arguments, narrow func(*sql.Selector)) *level {
	l := c.level(a.entity, a.source.narrowed(func(found *sql.Selector, _ *sql.SelectTable) { narrow(found) }))
	l.exists, l.texts = true, 1
	return l
}

// first returns the index of the first field with one of the names, -1 for none.
func first(fields []graphql.CollectedField, names ...string) int {
	for i, f := range fields {
		for _, name := range names {
			if f.Name == name {
				return i
			}
		}
	}
	return -1
}

// view compiles `nodes` or `edges`.
func (c *compiler) view(l *level, part graphql.CollectedField) error {
	if part.Name == "nodes" {
		return c.fill(l, part.Selections)
	}
	own := &steps{owner: l}
	err := c.members(own, part.Selections, []string{l.entity.Name + "Edge"}, func(f graphql.CollectedField) error {
		if f.Name == "cursor" {
			l.id()
			own.position()
			return nil
		}
		return c.fields(own, f.Selections)
	})
	l.steps = own.end()
	return err
}

// pageInfo adds the fields of PageInfo.
func (c *compiler) pageInfo(s *steps, a *arguments, l *level, f graphql.CollectedField) error {
	return c.members(s, f.Selections, []string{"PageInfo"}, func(f graphql.CollectedField) error {
		one := step{level: l}
		switch f.Name {
		case "hasNextPage":
			one.op = opNext
			l.page.extra = l.page.extra || !l.page.fromEnd()
			if a.before != nil {
				one.beyond = c.beyond(a, a.before.NotBefore())
			}
		case "hasPreviousPage":
			one.op = opPrevious
			l.page.extra = l.page.extra || l.page.fromEnd()
			if a.after != nil {
				one.beyond = c.beyond(a, a.after.NotAfter())
			}
		case "startCursor", "endCursor":
			one.op = opStart
			if f.Name == "endCursor" {
				one.op = opEnd
			}
			l.id()
			l.positions = true
		default:
			return errNotCovered
		}
		if one.beyond != nil {
			s.owner.below = append(s.owner.below, one.beyond)
		}
		s.add(one)
		return nil
	})
}
