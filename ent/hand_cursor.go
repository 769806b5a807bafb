package ent

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/internal/fault"
)

// Position is the Value of every cursor: the list that the cursor belongs to, and the entry's value in the column that
// orders the list. The guid, which orders entries with equal values, is the cursor's ID.
type Position struct {
	List  uint32
	Value any // a string, a time.Time, or nil in the order of the guids
}

// List identifies the list that a cursor belongs to: a field of schema.graphqls and its order.
type List struct {
	Object, Field, Column string
	Direction             OrderDirection
}

// ID is the number of the list in its cursors. A test checks that all lists have different numbers.
func (l List) ID() uint32 {
	h := fnv.New32a()
	// A hash accepts every write.
	_, _ = fmt.Fprintf(h, "%s.%s %s %s", l.Object, l.Field, l.Column, l.Direction)
	return h.Sum32()
}

// Cursor returns the cursor of an entry of the list.
func (l List) Cursor(id uuid.UUID, value any) Cursor {
	return Cursor{ID: id, Value: Position{List: l.ID(), Value: value}}
}

// Value returns the value that a cursor has for the ordering column. It fails if the cursor belongs to another list.
func (l List) Value(c *Cursor) (any, *fault.Fault) {
	at, ok := c.Value.(Position)
	_, isTime := at.Value.(time.Time)
	_, isText := at.Value.(string)
	if !ok || at.List != l.ID() || isTime != isTimeColumn(l.Column) || isText != (!isTime && l.Column != "id") {
		return nil, fault.New(fault.Invalid, "the cursor is from another list, or from a list with another order")
	}
	return at.Value, nil
}

// isTimeColumn reports whether a column holds times. The names of those columns end in _at.
func isTimeColumn(column string) bool { return strings.HasSuffix(column, "_at") }

// The format of a cursor: the ID of the list, the guid, the kind of the value, the value. EncodeCursor encodes it as
// URL-safe base64.
const (
	cursorHead = 4 + 16 + 1
	// maxCursor bounds a cursor in bytes. A name has up to 255 characters, and case folding may lengthen it.
	maxCursor = 8 << 10

	kindNone, kindText, kindTime = 0, 't', 'm'
)

// EncodeCursor returns a cursor as clients see it.
func EncodeCursor(c Cursor) string {
	at, _ := c.Value.(Position)
	raw := binary.BigEndian.AppendUint32(make([]byte, 0, 64), at.List)
	raw = append(raw, c.ID[:]...)
	switch value := at.Value.(type) {
	case nil:
		raw = append(raw, kindNone)
	case time.Time:
		raw = binary.BigEndian.AppendUint64(append(raw, kindTime), uint64(value.UnixMicro())) //nolint:gosec // DecodeCursor turns it back
	default: // a string or an enumeration
		raw = append(append(raw, kindText), fmt.Sprint(value)...)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ErrCursor is the error for a text that EncodeCursor did not write.
var ErrCursor = errors.New("not a cursor")

// ParseCursor decodes what EncodeCursor wrote and rejects everything else.
func ParseCursor(given any) (*Cursor, error) {
	text, _ := given.(string)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < cursorHead || len(raw) > maxCursor || strings.ContainsAny(text, "\r\n") {
		return nil, ErrCursor
	}
	at := Position{List: binary.BigEndian.Uint32(raw)}
	switch kind, value := raw[cursorHead-1], raw[cursorHead:]; kind {
	case kindNone:
		if len(value) > 0 {
			return nil, ErrCursor
		}
	case kindText:
		// PostgreSQL accepts no NUL in text.
		if !utf8.Valid(value) || slices.Contains(value, 0) {
			return nil, ErrCursor
		}
		at.Value = string(value)
	case kindTime:
		if len(value) != 8 {
			return nil, ErrCursor
		}
		t := time.UnixMicro(int64(binary.BigEndian.Uint64(value))).UTC() //nolint:gosec // EncodeCursor made it
		if t.Year() < 1 || t.Year() > 9999 {
			return nil, ErrCursor
		}
		at.Value = t
	default:
		return nil, ErrCursor
	}
	return &Cursor{ID: uuid.UUID(raw[4:20]), Value: at}, nil
}

// Place is a position in an order, for use in a statement. ID and Value become arguments of the statement.
type Place struct {
	Column    string
	Direction OrderDirection
	ID, Value any
}

// After selects the rows that follow the place.
func (p Place) After() func(*sql.Selector) { return p.compare(p.Direction, "") }

// Before selects the rows that precede the place.
func (p Place) Before() func(*sql.Selector) { return p.compare(p.Direction.Reverse(), "") }

// NotAfter selects the rows that After excludes.
func (p Place) NotAfter() func(*sql.Selector) { return p.compare(p.Direction.Reverse(), "=") }

// NotBefore selects the rows that Before excludes.
func (p Place) NotBefore() func(*sql.Selector) { return p.compare(p.Direction, "=") }

// compare selects the rows on one side of the place, and with "=" also the place itself. The columns of all orders are NOT
// NULL.
func (p Place) compare(d OrderDirection, equal string) func(*sql.Selector) {
	operator := " > "
	if d == entgql.OrderDirectionDesc {
		operator = " < "
	}
	if equal != "" {
		operator = operator[:2] + equal + " "
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			if p.Column == "id" {
				b.Ident(s.C("id")).WriteString(operator).Arg(p.ID)
				return
			}
			b.Wrap(func(b *sql.Builder) { b.Ident(s.C(p.Column)).Comma().Ident(s.C("id")) }).WriteString(operator).
				Wrap(func(b *sql.Builder) { b.Arg(p.Value).Comma().Arg(p.ID) })
		}))
	}
}
