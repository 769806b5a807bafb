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
	filtered := func(t, above *sql.SelectTable) *sql.Selector {
		found := rows(t, above)
		if a.where != nil {
			a.where(found)
		}
		return found
	}
	types := []string{e.Name + "Connection"}
	parts := graphql.CollectFields(c.oc, f.Selections, types)
	shown, told := first(parts, "nodes", "edges"), first(parts, "pageInfo")
	view := func() *level {
		l := c.level(e, func(t, above *sql.SelectTable) *sql.Selector { return a.order(filtered(t, above), t) })
		l.page = a.page
		if a.column != "id" {
			l.page.ordered, l.page.order, l.page.moment = true, l.plain(a.column, false), a.moment
		}
		if a.page.fromEnd {
			l.sort = func(column func(string) string) []string { return a.by(column, a.direction) }
		}
		return l
	}
	var main *level
	if told >= 0 {
		main = view()
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
				l = view()
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
			return c.pageInfo(s, main, part)
		case "totalCount":
			l := c.level(e, filtered)
			l.counts, l.texts = true, 1
			s.below(step{op: opCount, level: l})
			return nil
		}
		return errNotCovered
	})
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
func (c *compiler) pageInfo(s *steps, l *level, f graphql.CollectedField) error {
	return c.members(s, f.Selections, []string{"PageInfo"}, func(f graphql.CollectedField) error {
		o, ok := map[string]op{
			"hasNextPage": opNext, "hasPreviousPage": opPrevious, "startCursor": opStart, "endCursor": opEnd,
		}[f.Name]
		if !ok {
			return errNotCovered
		}
		if o == opStart || o == opEnd {
			l.id()
			l.positions = true
		}
		if o == opNext && !l.page.fromEnd || o == opPrevious && l.page.fromEnd {
			l.page.extra = true
		}
		s.add(step{op: o, level: l})
		return nil
	})
}

// arguments are those of a connection.
type arguments struct {
	page          page
	where         func(*sql.Selector)
	column        string
	moment        bool
	direction     entgql.OrderDirection
	after, before *entgql.Cursor[any]
}

// arguments reads the arguments of a connection. Whatever is wrong with them
// the ordinary path tells.
func (c *compiler) arguments(e *entity, f graphql.CollectedField) (*arguments, error) {
	if e.Where == nil {
		return nil, errNotCovered
	}
	a := &arguments{column: "id", direction: entgql.OrderDirectionAsc}
	given := f.ArgumentMap(c.oc.Variables)
	if err := a.orderBy(e, given["orderBy"]); err != nil {
		return nil, err
	}
	for name, value := range given {
		if value == nil {
			continue
		}
		var err error
		switch name {
		case "orderBy":
		case "first", "last":
			if a.page.size != 0 {
				return nil, errNotCovered
			}
			a.page.size, err = size(value)
			a.page.fromEnd = name == "last"
		case "after":
			a.page.after = true
			a.after, err = c.cursor(a, f.Arguments.ForName(name).Value, value)
		case "before":
			a.page.before = true
			a.before, err = c.cursor(a, f.Arguments.ForName(name).Value, value)
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
	if a.page.size == 0 {
		a.page.size = ent.DefaultPage
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
	a.column = column
	for _, f := range e.Fields {
		if f.Column == column {
			a.moment = f.Kind == ent.KindTime
		}
	}
	if direction, ok := given["direction"].(string); ok {
		a.direction = entgql.OrderDirection(direction)
	}
	return a.direction.Validate()
}

// cursor is a position that a page begins or ends at: a parameter where it is a
// variable.
func (c *compiler) cursor(a *arguments, written *ast.Value, value any) (*entgql.Cursor[any], error) {
	at, err := ent.ParseCursor(value)
	if err != nil {
		return nil, errRefused
	}
	ordered, fault := ent.CursorValue(at, a.column)
	if fault != nil {
		return nil, errRefused
	}
	found := &entgql.Cursor[any]{ID: at.ID, Value: ordered}
	if written != nil && written.Kind == ast.Variable {
		found.ID = param{variable: written.Raw, part: cursorID, column: a.column}
		if ordered != nil {
			found.Value = param{variable: written.Raw, part: cursorValue, column: a.column}
		}
	}
	return found, nil
}

// order puts the rows of a page in their order, and leaves out what is not on
// it.
func (a *arguments) order(s *sql.Selector, t *sql.SelectTable) *sql.Selector {
	direction := a.direction
	if a.page.fromEnd {
		direction = direction.Reverse()
	}
	for _, narrow := range entgql.CursorsPredicate(a.after, a.before, "id", a.column, direction) {
		narrow(s)
	}
	return s.OrderBy(a.by(t.C, direction)...)
}

// by is an order, with the guid to decide where values are equal.
func (a *arguments) by(column func(string) string, d entgql.OrderDirection) []string {
	write := sql.Asc
	if d == entgql.OrderDirectionDesc {
		write = sql.Desc
	}
	if a.column == "id" {
		return []string{write(column("id"))}
	}
	return []string{write(column(a.column)), write(column("id"))}
}
