package scalar

import (
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalTime writes a time in the form of RFC 3339, in UTC, to the microsecond.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, t.UTC().Format(`"2006-01-02T15:04:05.999999Z07:00"`))
	})
}

// rfc3339 is the form of RFC 3339, 5.6. time.Parse also accepts hours of one digit, a comma before the fraction, and offsets
// of 24 hours.
var rfc3339 = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

// UnmarshalTime accepts a time in the form of RFC 3339 in the years 1 to 9999 of UTC, which are those that the form can
// represent.
func UnmarshalTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok || !rfc3339.MatchString(s) {
		return time.Time{}, noTime(v)
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
	if err != nil {
		return time.Time{}, noTime(v)
	}
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, invalid("Time cannot represent value: %v; in UTC it must be in the years 0001 to 9999", shown(v))
	}
	return t, nil
}

func noTime(v any) error {
	return invalid("Time cannot represent value: %v; it must look like 2010-03-01T12:00:00Z", shown(v))
}
