package ent

import (
	"strings"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"

	"cloudapi/internal/fault"
)

// CursorValue is the value of a position in a list that is ordered by a column;
// nil where the guid alone says where. A cursor carries no value for "". One
// from a list with another order is refused.
func CursorValue(c *Cursor, column string) (any, *fault.Fault) {
	if column == "id" {
		if c.Value != nil {
			return nil, foreign()
		}
		return nil, nil
	}
	switch value := c.Value.(type) {
	case time.Time:
		if isMoment(column) {
			return value, nil
		}
	case string:
		if !isMoment(column) {
			return value, nil
		}
	case nil:
		if !isMoment(column) {
			return "", nil
		}
	}
	return nil, foreign()
}

func foreign() *fault.Fault {
	return fault.New(fault.Invalid, "the cursor is from a list with another order")
}

// isMoment reports whether a column has moments: all that do are called so.
func isMoment(column string) bool { return strings.HasSuffix(column, "_at") }

// cursorsPredicate is entgql's, which takes a cursor without a value for one of
// a list in the order of creation, and any value for any column.
func cursorsPredicate(after, before *Cursor, idField, field string, direction OrderDirection) []func(*sql.Selector) {
	both := []*Cursor{after, before}
	for i, name := range []string{"after", "before"} {
		if both[i] == nil {
			continue
		}
		value, err := CursorValue(both[i], field)
		if err != nil {
			return []func(*sql.Selector){func(s *sql.Selector) { s.AddError(err.On(name)) }}
		}
		both[i] = &Cursor{ID: both[i].ID, Value: value}
	}
	return entgql.CursorsPredicate(both[0], both[1], idField, field, direction)
}
