package store

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"cloudapi/internal/fault"
)

// appendLiterals appends arguments as PostgreSQL's literals, separated by commas. Their types follow from their positions,
// as with placeholders.
func (c *conn) appendLiterals(to []byte, args []any) ([]byte, error) {
	for i, arg := range args {
		if i > 0 {
			to = append(to, ',')
		}
		var err error
		if to, err = c.appendLiteral(to, arg); err != nil {
			return nil, err
		}
	}
	return to, nil
}

func (c *conn) appendLiteral(to []byte, arg any) ([]byte, error) {
	switch v := arg.(type) { // the most common arguments
	case uuid.UUID:
		return append(append(append(to, '\''), v.String()...), '\''), nil
	case json.RawMessage:
		return appendText(to, string(v))
	}
	named, err := c.arguments([]any{arg})
	if err != nil {
		return nil, err
	}
	switch v := named[0].Value.(type) {
	case nil:
		return append(to, "NULL"...), nil
	case string:
		return appendText(to, v)
	case []byte:
		return append(hex.AppendEncode(append(to, `E'\\x`...), v), '\''), nil
	case int64:
		if v < 0 { // a second minus sign before it would begin a comment
			return append(strconv.AppendInt(append(to, '\''), v, 10), '\''), nil
		}
		return strconv.AppendInt(to, v, 10), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	case time.Time:
		return append(append(append(to, '\''), pq.FormatTimestamp(v)...), '\''), nil
	}
	return nil, fmt.Errorf("store: no literal for %T", arg)
}

// appendText appends a text in a form that does not depend on the session's standard_conforming_strings.
func appendText(to []byte, text string) ([]byte, error) {
	switch {
	case strings.IndexByte(text, 0) >= 0:
		return nil, fault.New(fault.Invalid, msgRejected) // it would end the message
	case strings.ContainsAny(text, `'\`):
		return append(to, pq.QuoteLiteral(text)...), nil
	default:
		return append(append(append(to, '\''), text...), '\''), nil
	}
}

// appendInline appends a statement with literals instead of placeholders. ent's texts have no other dollar signs.
func (c *conn) appendInline(to []byte, st Statement) (_ []byte, err error) {
	rest := st.Query
	for {
		before, after, found := strings.Cut(rest, "$")
		to = append(to, before...)
		if !found {
			return to, nil
		}
		digits := 0
		for digits < len(after) && after[digits] >= '0' && after[digits] <= '9' {
			digits++
		}
		n, err := strconv.Atoi(after[:digits])
		if err != nil || n < 1 || n > len(st.Args) {
			return nil, fmt.Errorf("store: no argument for $%s", after[:digits])
		}
		if to, err = c.appendLiteral(to, st.Args[n-1]); err != nil {
			return nil, err
		}
		rest = after[digits:]
	}
}
