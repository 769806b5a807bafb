package fastread

import (
	"encoding/json"
	"errors"
	"strconv"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
)

// connection adds a page of rows. Each part of it that shows the rows is a
// level of its own; the first of them answers for the page too.
func (c *compiler) connection(s *steps, e *entity, f graphql.CollectedField, rows func(t, above *sql.SelectTable) *sql.Selector) error {
	a, err := c.arguments(e, f)
	if err != nil {
		return err
	}
	a.entity = e
	a.rows = func(t, above *sql.SelectTable) *sql.Selector {
		found := rows(t, above)
		if a.where != nil {
			a.where(found)
		}
		return found
	}
	types := []string{e.Name + "Connection"}
	parts := graphql.CollectFields(c.oc, f.Selections, types)
	shown, told := first(parts, "nodes", "edges"), first(parts, "pageInfo")
	var main *level
	if told >= 0 {
		main = c.page(a)
		if shown < 0 || told < shown {
			s.below(step{op: opHold, level: main})
		}
	}
	return c.members(s, f.Selections, types, func(part graphql.CollectedField) error {
		switch part.Name {
		case "nodes", "edges":
			l, o := main, opList
			switch {
			case part.Alias != parts[shown].Alias || main == nil:
				l = c.page(a)
			case told < shown:
				o = opHeld
			}
			if o == opHeld {
				s.add(step{op: opHeld, level: l})
			} else {
				s.below(step{op: opList, level: l})
			}
			return c.view(l, part)
		case "pageInfo":
			return c.pageInfo(s, a, main, part)
		case "totalCount":
			l := c.level(e, a.rows)
			l.counts, l.texts = true, 1
			if e.Name == "Job" {
				l.most = ent.MaxCounted + 1
			}
			s.below(step{op: opCount, level: l})
			return nil
		case "totalCountIsEstimate":
			l := c.level(e, a.rows)
			l.counts, l.most, l.reaches, l.texts = true, ent.MaxCounted+1, true, 1
			s.below(step{op: opCount, level: l})
			return nil
		}
		return errNotCovered
	})
}

// page makes a level of the rows of a page.
func (c *compiler) page(a *arguments) *level {
	l := c.level(a.entity, func(t, above *sql.SelectTable) *sql.Selector { return a.order(a.rows(t, above), t) })
	l.page = a.page
	if a.list.Column != "id" {
		l.page.ordered, l.page.order, l.page.moment = true, l.plain(a.list.Column, false), a.moment
	}
	if a.page.fromEnd() {
		l.id() // rows are sorted by it
		l.sort = func(column func(string) string) []string { return a.by(column, a.list.Direction) }
	}
	return l
}

// beyond makes a level that says whether there are rows that a cursor cuts off.
func (c *compiler) beyond(a *arguments, narrow func(*sql.Selector)) *level {
	l := c.level(a.entity, func(t, above *sql.SelectTable) *sql.Selector {
		found := a.rows(t, above)
		narrow(found)
		return found
	})
	l.exists, l.texts = true, 1
	return l
}

// first is the place of the first field with one of the names, -1 for none.
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

// view compiles one way in which the rows of a page are shown.
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

// pageInfo adds where a page stands in its list.
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

// arguments are those of a connection.
type arguments struct {
	entity *entity
	// rows are those of the list, whatever the page.
	rows          func(t, above *sql.SelectTable) *sql.Selector
	where         func(*sql.Selector)
	page          page
	list          ent.List
	moment        bool
	after, before *ent.Place
}

// arguments reads the arguments of a connection. Whatever is wrong with them
// the ordinary path tells.
func (c *compiler) arguments(e *entity, f graphql.CollectedField) (*arguments, error) {
	if e.Where == nil {
		return nil, errNotCovered
	}
	a := &arguments{list: ent.List{
		Object: f.ObjectDefinition.Name, Field: f.Name, Column: "id", Direction: entgql.OrderDirectionAsc,
	}}
	given := f.ArgumentMap(c.oc.Variables)
	if err := a.orderBy(e, given["orderBy"]); err != nil {
		return nil, err
	}
	a.page.list = a.list.ID()
	for name, value := range given {
		if value == nil {
			continue
		}
		var err error
		switch name {
		case "orderBy":
		case "first":
			a.page.first, err = size(value)
		case "last":
			a.page.last, err = size(value)
		case "after":
			a.after, err = a.place(f.Arguments.ForName(name).Value, value)
		case "before":
			a.before, err = a.place(f.Arguments.ForName(name).Value, value)
		case "where":
			a.where, err = e.Where(c.ctx, value)
		default:
			err = errNotCovered
		}
		switch {
		case errors.Is(err, errRefused):
			return nil, err
		case err != nil:
			return nil, errNotCovered
		}
	}
	if a.page.first == 0 && a.page.last == 0 {
		a.page.first = ent.DefaultPage
	}
	return a, nil
}

// size is the size of a page.
func size(value any) (int, error) {
	var n int64
	switch value := value.(type) {
	case int64:
		n = value
	case int:
		n = int64(value)
	case json.Number:
		parsed, err := strconv.ParseInt(value.String(), 10, 64)
		if err != nil {
			return 0, errNotCovered
		}
		n = parsed
	}
	if n < 1 || n > ent.MaxPage {
		return 0, errNotCovered
	}
	return int(n), nil
}

func (a *arguments) orderBy(e *entity, value any) error {
	given, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	name, _ := given["field"].(string)
	column, err := e.Order(name)
	if err != nil {
		return errNotCovered
	}
	a.list.Column = column
	for _, f := range e.Fields {
		if f.Column == column {
			a.moment = f.Kind == ent.KindTime
		}
	}
	if direction, ok := given["direction"].(string); ok {
		a.list.Direction = entgql.OrderDirection(direction)
	}
	if a.list.Direction.Validate() != nil {
		return errNotCovered
	}
	return nil
}

// place is where a page begins or ends: a parameter where the cursor is a
// variable.
func (a *arguments) place(written *ast.Value, value any) (*ent.Place, error) {
	at, err := ent.ParseCursor(value)
	if err != nil {
		return nil, errRefused
	}
	ordered, fault := a.list.Value(at)
	if fault != nil {
		return nil, errRefused
	}
	found := &ent.Place{Column: a.list.Column, Direction: a.list.Direction, ID: at.ID, Value: ordered}
	if written != nil && written.Kind == ast.Variable {
		found.ID = param{variable: written.Raw, part: cursorID, list: a.list}
		found.Value = param{variable: written.Raw, part: cursorValue, list: a.list}
	}
	return found, nil
}

// order puts the rows of a page in the order in which they are read, and leaves
// out what the cursors cut off.
func (a *arguments) order(s *sql.Selector, t *sql.SelectTable) *sql.Selector {
	direction := a.list.Direction
	if a.page.fromEnd() {
		direction = direction.Reverse()
	}
	if a.after != nil {
		a.after.After()(s)
	}
	if a.before != nil {
		a.before.Before()(s)
	}
	return s.OrderBy(a.by(t.C, direction)...)
}

// by is an order, with the guid to decide where values are equal.
func (a *arguments) by(column func(string) string, d entgql.OrderDirection) []string {
	write := sql.Asc
	if d == entgql.OrderDirectionDesc {
		write = sql.Desc
	}
	if a.list.Column == "id" {
		return []string{write(column("id"))}
	}
	return []string{write(column(a.list.Column)), write(column("id"))}
}
