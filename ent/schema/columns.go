// Package schema is the model: fields, edges, validators, indexes, policies.
package schema

import (
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"

	"cloudapi/internal/fault"
	"cloudapi/internal/textrule"
)

// The longest texts, in characters (DESIGN.md, "The model").
const (
	maxName = 255
	maxText = 4096
)

// bytewise makes PostgreSQL compare text by its bytes, as SQLite does: the same
// order and the same equality in whatever locale a server runs.
func bytewise() entsql.Annotation {
	return entsql.Annotation{Collation: "C"}
}

// textColumn leaves the limit of a text to its validator, which counts
// characters on both databases alike.
func textColumn() map[string]string {
	return map[string]string{dialect.Postgres: "text", dialect.SQLite: "text"}
}

// jsonColumn keeps the text of a document as it was written: jsonb would order
// its keys anew.
func jsonColumn() map[string]string {
	return map[string]string{dialect.Postgres: "json", dialect.SQLite: "json"}
}

// optional makes the validator of a text that may be empty. The field is named
// as in schema.graphqls.
func optional(field string, limit int) func(string) error {
	return func(value string) error { return textrule.Check(field, value, limit) }
}

// name makes the validator of a name that must not be taken for another one.
func name(field string, limit int) func(string) error {
	return func(value string) error { return textrule.Name(field, value, limit) }
}

// required makes the validator of a text that must say something.
func required(field string, limit int) func(string) error {
	return func(value string) error {
		if strings.TrimSpace(value) == "" {
			return fault.New(fault.Invalid, "%s must not be empty", field).On(field)
		}
		return textrule.Check(field, value, limit)
	}
}
