package scalar

import (
	"io"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent"
	"cloudapi/internal/fault"
)

// MarshalCursor writes a cursor.
func MarshalCursor(c ent.Cursor) graphql.Marshaler {
	// Base64 needs no escapes in JSON.
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, `"`+ent.EncodeCursor(c)+`"`) })
}

// UnmarshalCursor accepts what MarshalCursor wrote.
func UnmarshalCursor(v any) (ent.Cursor, error) {
	c, err := ent.ParseCursor(v)
	if err != nil {
		return ent.Cursor{}, fault.New(fault.Invalid, "%s is not a Cursor of this API", shown(v)).Because(err)
	}
	return *c, nil
}
