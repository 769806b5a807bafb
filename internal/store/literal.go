package store

import (
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lib/pq"

	"cloudapi/internal/fault"
)

// literals writes arguments as PostgreSQL's literals. Their types are those of
// the places where they stand, as with placeholders.
func (c *conn) literals(args []any) ([]string, error) {
	named, err := c.arguments(args)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(named))
	for i, nv := range named {
		value := nv.Value
		if object, ok := args[i].(json.RawMessage); ok {
			value = string(object)
		}
		if texts[i], err = sqlLiteral(value); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func sqlLiteral(value driver.Value) (string, error) {
	switch v := value.(type) {
	case nil:
		return "NULL", nil
	case string:
		if strings.IndexByte(v, 0) >= 0 {
			return "", fault.New(fault.Invalid, refusedBy) // it would end the message
		}
		return pq.QuoteLiteral(v), nil
	case []byte:
		return `E'\\x` + hex.EncodeToString(v) + `'`, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return "'" + strconv.FormatFloat(v, 'g', -1, 64) + "'", nil
	case bool:
		return strconv.FormatBool(v), nil
	case time.Time:
		return "'" + string(pq.FormatTimestamp(v)) + "'", nil
	}
	return "", fmt.Errorf("store: no literal for %T", value)
}

// inline puts literals in the places of placeholders. The texts are ent's, which
// have no dollar sign elsewhere.
func inline(query string, literals []string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(query, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		digits := 0
		for digits < len(after) && after[digits] >= '0' && after[digits] <= '9' {
			digits++
		}
		if n, err := strconv.Atoi(after[:digits]); err == nil && n >= 1 && n <= len(literals) {
			b.WriteString(literals[n-1])
		} else {
			b.WriteString("$" + after[:digits])
		}
		query = after[digits:]
	}
}
