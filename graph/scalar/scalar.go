// Package scalar binds the scalars of schema.graphqls to Go. Each accepts exactly what graphql-js accepts, except for values
// that some answer format cannot represent.
package scalar

import (
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/textrule"
)

func invalid(format string, args ...any) error {
	return fault.New(fault.Invalid, format, args...)
}

// MarshalID writes a guid in lower case with hyphens.
func MarshalID(id uuid.UUID) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, `"`+id.String()+`"`) })
}

// UnmarshalID accepts a guid in either case.
func UnmarshalID(v any) (uuid.UUID, error) {
	s, ok := v.(string)
	if !ok {
		if i, isInt := integer(v); isInt {
			s = strconv.FormatInt(i, 10)
		} else {
			return uuid.Nil, invalid("ID cannot represent value: %v", shown(v))
		}
	}
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return uuid.Nil, invalid("%s is not a guid", shown(s))
	}
	return id, nil
}

// MarshalInt writes a whole number.
func MarshalInt(i int) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.Itoa(i)) })
}

// UnmarshalInt accepts a whole number of 32 bits: 1.0 is valid, "1" is not.
func UnmarshalInt(v any) (int, error) {
	i, ok := integer(v)
	if !ok {
		return 0, invalid("Int cannot represent non-integer value: %v", shown(v))
	}
	if i < math.MinInt32 || i > math.MaxInt32 {
		return 0, invalid("Int cannot represent non 32-bit signed integer value: %v", shown(v))
	}
	return int(i), nil
}

// MarshalFloat writes a number.
func MarshalFloat(f float64) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, strconv.FormatFloat(f, 'g', -1, 64)) })
}

// UnmarshalFloat accepts a finite number.
func UnmarshalFloat(v any) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case int64:
		return float64(v), nil
	case int:
		return float64(v), nil
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f, nil
		}
	}
	return 0, invalid("Float cannot represent non numeric value: %v", shown(v))
}

// MarshalString writes a text.
func MarshalString(s string) graphql.Marshaler { return graphql.MarshalString(s) }

// UnmarshalString accepts a text without control characters, except tab and line breaks.
func UnmarshalString(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", invalid("String cannot represent a non string value: %v", shown(v))
	}
	return s, textrule.Check("", s, textrule.MaxText)
}

// The range of an amount.
const (
	MinAmount = 1
	MaxAmount = strictjson.MaxInteger
)

// MarshalAmount writes an amount as a number.
func MarshalAmount(i int64) graphql.Marshaler { return graphql.MarshalInt64(i) }

// UnmarshalAmount accepts a whole number from MinAmount to MaxAmount.
func UnmarshalAmount(v any) (int64, error) {
	i, ok := integer(v)
	if !ok {
		return 0, invalid("amount must be a whole number, not %v", shown(v))
	}
	if i < MinAmount || i > MaxAmount {
		return 0, invalid("amount must be from %d to %d, not %v", MinAmount, MaxAmount, shown(v))
	}
	return i, nil
}

// MarshalBigInt writes a whole number of any size as a string, because JavaScript would round a number (docs/adr/0020).
func MarshalBigInt(i *big.Int) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, `"`+i.String()+`"`) })
}

// UnmarshalBigInt accepts a whole number of any size, as a string or a number.
func UnmarshalBigInt(v any) (*big.Int, error) {
	if i, ok := integer(v); ok {
		return big.NewInt(i), nil
	}
	text := ""
	switch v := v.(type) {
	case json.Number:
		text = v.String()
	case string:
		text = v
	}
	if i, ok := new(big.Int).SetString(text, 10); ok && len(text) <= textrule.MaxText {
		return i, nil
	}
	return nil, invalid("BigInt cannot represent non-integer value: %v", shown(v))
}

// MarshalSecret writes a placeholder: the API never returns a secret.
func MarshalSecret(secret.Text) graphql.Marshaler { return graphql.MarshalString(secret.Redacted) }

// UnmarshalSecret accepts a text and wraps it, so that logs show a placeholder.
func UnmarshalSecret(v any) (secret.Text, error) {
	s, ok := v.(string)
	if !ok {
		return secret.Text{}, invalid("Secret cannot represent a non string value")
	}
	if err := textrule.Check("", s, textrule.MaxText); err != nil {
		return secret.Text{}, invalid("Secret must be text without control characters, up to %d characters", textrule.MaxText)
	}
	return secret.New(s), nil
}

// MarshalJSONObject writes an object with its keys in alphabetical order.
func MarshalJSONObject(m strictjson.Object) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		text, err := json.Marshal(m)
		if err != nil || m == nil {
			text = []byte("null")
		}
		_, _ = w.Write(text)
	})
}

// UnmarshalJSONObject accepts an object whose texts have no forbidden characters.
func UnmarshalJSONObject(v any) (strictjson.Object, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("JSONObject cannot represent a value that is no object: %v", shown(v))
	}
	return m, checkWithin(m, maxNesting)
}
