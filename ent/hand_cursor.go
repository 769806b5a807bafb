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

// Position is the Value of every cursor: the list that the cursor belongs to, and the entry's value in the column, or the two
// columns, that order the list. The guid, which orders entries with equal values, is the cursor's ID.
type Position struct {
	List  uint32
	Value any // a string, a time.Time, a Pair, or nil in the order of the guids
}

// List identifies the list that a cursor belongs to: a field of schema.graphqls and its order. Two columns are separated by a
// comma.
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

// Value returns the value that a cursor has for the ordering columns. It fails if the cursor belongs to another list.
func (l List) Value(c *Cursor) (any, *fault.Fault) {
	at, ok := c.Value.(Position)
	if !ok || at.List != l.ID() || !l.fits(at.Value) {
		return nil, fault.New(fault.Invalid, "the cursor is from another list, or from a list with another order")
	}
	return at.Value, nil
}

// fits reports whether the ordering columns can have a value.
func (l List) fits(value any) bool {
	columns := l.Columns()
	if l.Column == "id" {
		return value == nil
	}
	if p, ok := value.(Pair); ok != (len(columns) == 2) {
		return false
	} else if ok {
		value = p.Second
	}
	_, isTime := value.(time.Time)
	_, isText := value.(string)
	return isTime != isText && isTime == isTimeColumn(columns[len(columns)-1])
}

// isTimeColumn reports whether a column holds times. The names of those columns end in _at.
func isTimeColumn(column string) bool { return strings.HasSuffix(column, "_at") }

// The format of a cursor: the ID of the list, the guid, the kind of the value, the value. A pair is the length of the first
// value, the first value, the kind of the second, the second. EncodeCursor encodes it as URL-safe base64.
const (
	cursorHead = 4 + 16 + 1
	// maxCursor bounds a cursor in bytes. A name has up to 255 characters, and case folding may lengthen it.
	maxCursor = 8 << 10

	kindNone, kindText, kindTime, kindPair = 0, 't', 'm', 'p'
)

// EncodeCursor returns a cursor as clients see it.
func EncodeCursor(c Cursor) string {
	at, _ := c.Value.(Position)
	raw := binary.BigEndian.AppendUint32(make([]byte, 0, 64), at.List)
	raw = append(raw, c.ID[:]...)
	return base64.RawURLEncoding.EncodeToString(appendValue(raw, at.Value))
}

func appendValue(raw []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(raw, kindNone)
	case time.Time:
		return binary.BigEndian.AppendUint64(append(raw, kindTime), uint64(value.UnixMicro())) //nolint:gosec // parseValue turns it back
	case Pair:
		raw = binary.BigEndian.AppendUint16(append(raw, kindPair), uint16(len(value.First))) //nolint:gosec // columns have fewer than 65,536 bytes
		return appendValue(append(raw, value.First...), value.Second)
	default: // a string or an enumeration
		return append(append(raw, kindText), fmt.Sprint(value)...)
	}
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
	value, ok := parseValue(raw[cursorHead-1], raw[cursorHead:])
	if !ok {
		return nil, ErrCursor
	}
	return &Cursor{ID: uuid.UUID(raw[4:20]), Value: Position{List: binary.BigEndian.Uint32(raw), Value: value}}, nil
}

func parseValue(kind byte, raw []byte) (value any, ok bool) {
	switch kind {
	case kindNone:
		return nil, len(raw) == 0
	case kindText:
		return string(raw), isText(raw)
	case kindTime:
		if len(raw) != 8 {
			return nil, false
		}
		t := time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC() //nolint:gosec // appendValue made it
		return t, t.Year() >= 1 && t.Year() <= 9999
	case kindPair:
		return parsePair(raw)
	}
	return nil, false
}

func parsePair(raw []byte) (value any, ok bool) {
	const size = 2
	if len(raw) < size {
		return nil, false
	}
	end := size + int(binary.BigEndian.Uint16(raw))
	if len(raw) <= end || raw[end] != kindText && raw[end] != kindTime {
		return nil, false
	}
	second, ok := parseValue(raw[end], raw[end+1:])
	return Pair{First: string(raw[size:end]), Second: second}, ok && isText(raw[size:end])
}

// isText reports whether PostgreSQL accepts a text: it accepts no NUL.
func isText(raw []byte) bool { return utf8.Valid(raw) && !slices.Contains(raw, 0) }

// Place is a position in an order, for use in a statement. ID and Values become arguments of the statement.
type Place struct {
	Columns   []string
	Direction OrderDirection
	ID        any
	Values    []any // one for each column
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
			if p.Columns[0] == "id" {
				b.Ident(s.C("id")).WriteString(operator).Arg(p.ID)
				return
			}
			b.Wrap(func(b *sql.Builder) {
				for _, column := range p.Columns {
					b.Ident(s.C(column)).Comma()
				}
				b.Ident(s.C("id"))
			}).WriteString(operator).Wrap(func(b *sql.Builder) {
				for _, value := range p.Values {
					b.Arg(value).Comma()
				}
				b.Arg(p.ID)
			})
		}))
	}
}
