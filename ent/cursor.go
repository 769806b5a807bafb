package ent

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"

	"cloudapi/internal/fault"
)

// ParseCursor reads a position as Cursor writes it, and nothing else. What its
// decoder is given has the form of a position: left to itself it believes any
// length that it reads, and makes room for gigabytes.
func ParseCursor(given any) (*Cursor, error) {
	text, _ := given.(string)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || !formed(raw) {
		return nil, errCursor
	}
	c := &Cursor{}
	if err := c.UnmarshalGQL(text); err != nil {
		return nil, errCursor
	}
	var again bytes.Buffer
	if c.MarshalGQL(&again); again.String() != `"`+text+`"` {
		return nil, errCursor
	}
	return c, nil
}

var errCursor = errors.New("not a cursor")

// The form of a position in MessagePack: a map with the guid of 16 bytes in "i"
// and, in an order with a value, that value in "v": a text or a moment.
var (
	withoutValue = []byte{0x81, 0xa1, 'i', 0xc4, 16}
	withValue    = []byte{0x82, 0xa1, 'i', 0xc4, 16}
	valueFollows = []byte{0xa1, 'v'}
)

func formed(raw []byte) bool {
	if rest, ok := bytes.CutPrefix(raw, withoutValue); ok {
		return len(rest) == 16
	}
	rest, ok := bytes.CutPrefix(raw, withValue)
	if !ok || len(rest) < 16 {
		return false
	}
	value, ok := bytes.CutPrefix(rest[16:], valueFollows)
	if !ok || len(value) == 0 {
		return false
	}
	switch code := value[0]; {
	case code >= 0xa0 && code <= 0xbf: // a text of up to 31 bytes
		return len(value) == 1+int(code&0x1f)
	case code == 0xd9: // of up to 255
		return len(value) >= 2 && len(value) == 2+int(value[1])
	case code == 0xda: // of up to 65,535
		return len(value) >= 3 && len(value) == 3+int(value[1])<<8+int(value[2])
	case code == 0xd6: // seconds
		return len(value) == 6
	case code == 0xd7: // and nanoseconds
		return len(value) == 10
	case code == 0xc7: // of other centuries
		return len(value) == 15 && value[1] == 12
	}
	return false
}

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
