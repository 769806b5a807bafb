package scalar

import (
	"io"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent"
	"cloudapi/internal/fault"
)

// MarshalCursor writes a position in a list.
func MarshalCursor(c ent.Cursor) graphql.Marshaler {
	// Base64 is JSON as it is.
	return graphql.WriterFunc(func(w io.Writer) { _, _ = io.WriteString(w, `"`+ent.EncodeCursor(c)+`"`) })
}

// UnmarshalCursor takes what MarshalCursor wrote.
func UnmarshalCursor(v any) (ent.Cursor, error) {
	c, err := ent.ParseCursor(v)
	if err != nil {
		return ent.Cursor{}, fault.New(fault.Invalid, "%s is not a Cursor of this API", shown(v)).Because(err)
	}
	return *c, nil
}
