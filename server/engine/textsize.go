package engine

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
)

// The sizes of values in JSON, in bytes; for numbers the maximum.
const (
	sizeOfGUID   = 38
	sizeOfTime   = 34
	sizeOfNumber = 24
	sizeOfWord   = 5 // null, true, false
)

// textSize returns the size of a scalar in JSON.
func textSize(value any) int {
	switch v := value.(type) {
	case nil:
		return sizeOfWord
	case string:
		return quotedSize(v)
	case *string:
		if v == nil {
			return sizeOfWord
		}
		return quotedSize(*v)
	case uuid.UUID, *uuid.UUID:
		return sizeOfGUID
	case time.Time, *time.Time:
		return sizeOfTime
	case bool, *bool:
		return sizeOfWord
	case int, int64, float64, *int, *int64:
		return sizeOfNumber
	case json.Number:
		return len(v)
	case map[string]any, []any:
		return jsonSize(v)
	}
	return otherSize(value)
}

// otherSize returns the size of enums, of scalars with their own marshaler, and of lists.
func otherSize(value any) int {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return quotedSize(v.String())
	case reflect.Slice:
		n := len(`[]`)
		for i := range v.Len() {
			n += textSize(v.Index(i).Interface()) + len(`,`)
		}
		return n
	case reflect.Pointer:
		if v.IsNil() {
			return sizeOfWord
		}
	}
	if m, ok := value.(graphql.Marshaler); ok {
		var w counter
		m.MarshalGQL(&w)
		return int(w)
	}
	if n, ok := value.(interface{ BitLen() int }); ok {
		return n.BitLen()/3 + 2 // one decimal digit for each 3.3 bits
	}
	return sizeOfGUID
}

// counter is a writer that counts bytes.
type counter int

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// quotedSize returns the size of a text as a JSON string, escapes included.
func quotedSize(text string) int {
	n := len(text) + len(`""`)
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t':
			n++
		case c < ' ':
			n += len(`u00XX`)
		}
	}
	return n
}

// jsonSize returns the maximum size of a value as encoding/json writes it.
func jsonSize(value any) int {
	switch v := value.(type) {
	case map[string]any:
		n := len(`{}`)
		for name, member := range v {
			n += escapedSize(name) + jsonSize(member) + len(`:,`)
		}
		return n
	case []any:
		n := len(`[]`)
		for _, element := range v {
			n += jsonSize(element) + len(`,`)
		}
		return n
	case string:
		return escapedSize(v)
	case json.Number:
		return len(v)
	case float64:
		return len(strconv.FormatFloat(v, 'g', -1, 64)) + 1
	}
	return sizeOfNumber
}

// escapedSize is quotedSize for encoding/json, which also escapes characters for HTML.
func escapedSize(text string) int {
	n := quotedSize(text)
	for i := range len(text) {
		switch text[i] {
		case '<', '>', '&':
			n += len(`u003c`)
		case 0xE2: // first byte of the line separators U+2028 and U+2029
			n += len(`u2028`) - len("\u2028") + 1
		}
	}
	return n
}
