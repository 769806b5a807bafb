package engine

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
)

// The sizes of values as JSON, in bytes; that of a number at most.
const (
	sizeOfGUID   = 38
	sizeOfTime   = 34
	sizeOfNumber = 24
	sizeOfWord   = 5 // null, true, false
)

// textSize is how long a scalar is as JSON.
func textSize(value any) int {
	switch v := value.(type) {
	case nil:
		return sizeOfWord
	case string:
		return quoted(v)
	case *string:
		if v == nil {
			return sizeOfWord
		}
		return quoted(*v)
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

// otherSize is the size of enums, of scalars that write themselves, and of lists.
func otherSize(value any) int {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.String:
		return quoted(v.String())
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
		return n.BitLen()/3 + 2 // a big number has a digit for each 3.3 bits
	}
	return sizeOfGUID
}

// counter counts what is written.
type counter int

// Write counts.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// quoted is how long a text is as a JSON string, escapes included.
func quoted(text string) int {
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

// jsonSize is how long a JSON value is at most, as encoding/json writes it.
func jsonSize(value any) int {
	switch v := value.(type) {
	case map[string]any:
		n := len(`{}`)
		for name, member := range v {
			n += escaped(name) + jsonSize(member) + len(`:,`)
		}
		return n
	case []any:
		n := len(`[]`)
		for _, element := range v {
			n += jsonSize(element) + len(`,`)
		}
		return n
	case string:
		return escaped(v)
	case json.Number:
		return len(v)
	case float64:
		return len(strconv.FormatFloat(v, 'g', -1, 64)) + 1
	}
	return sizeOfNumber
}

// escaped is quoted, with the characters that encoding/json escapes for HTML.
func escaped(text string) int {
	n := quoted(text)
	for i := range len(text) {
		switch text[i] {
		case '<', '>', '&':
			n += len(`u003c`)
		case 0xE2: // the line separators begin with it
			n += len(`u2028`) - len("\u2028") + 1
		}
	}
	return n
}
