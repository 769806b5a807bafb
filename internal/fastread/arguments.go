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

// arguments has the arguments of a connection.
type arguments struct {
	entity *entity
	// source selects all rows of the list.
	source
	// where filters the rows; nil means no filter. filter is its index among the filters of the operation.
	where         func(*sql.Selector)
	filter        int
	page          page
	list          ent.List
	after, before *ent.Place
}

// arguments reads the arguments of a connection. The ordinary path reports invalid ones.
func (c *compiler) arguments(e *entity, f graphql.CollectedField) (*arguments, error) {
	if e.Where == nil {
		return nil, errNotCovered
	}
	a := &arguments{entity: e, list: ent.List{
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
			a.filter = c.needed.filter(f.Arguments.ForName(name).Value)
			a.where, err = e.Where(c.ctx, value)
		default:
			err = errNotCovered
		}
		switch {
		case errors.Is(err, errInvalidValue):
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

// size returns the size of a page.
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
	if value, ok := given["direction"]; ok {
		direction, _ := value.(string) // null is invalid
		a.list.Direction = entgql.OrderDirection(direction)
	}
	if a.list.Direction.Validate() != nil {
		return errNotCovered
	}
	return nil
}

// place returns where a page begins or ends. If the cursor is a variable, its values are parameters.
func (a *arguments) place(written *ast.Value, value any) (*ent.Place, error) {
	at, err := ent.ParseCursor(value)
	if err != nil {
		return nil, errInvalidValue
	}
	ordered, fault := a.list.Value(at)
	if fault != nil {
		return nil, errInvalidValue
	}
	found := &ent.Place{Columns: a.list.Columns(), Direction: a.list.Direction, ID: at.ID, Values: ent.Values(ordered)}
	if written != nil && written.Kind == ast.Variable {
		found.ID = param{variable: written.Raw, part: cursorID, list: a.list}
		for i := range found.Values {
			found.Values[i] = param{variable: written.Raw, part: cursorValue, list: a.list, n: i}
		}
	}
	return found, nil
}

// narrow applies the filter.
func (a *arguments) narrow(s *sql.Selector, t *sql.SelectTable) {
	if a.where == nil {
		return
	}
	if p := conditionsOf(a.where, t); p != nil {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Wrap(func(b *sql.Builder) { b.Join(parameterized{p, a.filter}) })
		}))
	}
}

// cut applies the cursors.
func (a *arguments) cut(s *sql.Selector) {
	if a.after != nil {
		a.after.After()(s)
	}
	if a.before != nil {
		a.before.Before()(s)
	}
}

// order returns the columns that order the list. The last is the guid, for equal values.
func (a *arguments) order() []ordering {
	desc := a.list.Direction == entgql.OrderDirectionDesc
	var order []ordering
	if a.list.Column != "id" {
		for _, column := range a.list.Columns() {
			order = append(order, ordering{column: column, kind: a.kind(column), desc: desc})
		}
	}
	return append(order, ordering{column: "id", kind: ent.KindUUID, desc: desc})
}

// kind returns the kind of a column that orders lists.
func (a *arguments) kind(column string) ent.Kind {
	for _, f := range a.entity.Fields {
		if f.Column == column && f.Kind == ent.KindTime {
			return ent.KindTime
		}
	}
	return ent.KindText
}
