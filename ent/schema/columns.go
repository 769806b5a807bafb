// Package schema is ent's description of the model: fields, edges, validators, indexes and policies. ent/generator
// generates package ent from it.
package schema

import (
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/entsql"

	"cloudapi/internal/fault"
	"cloudapi/internal/textrule"
)

const (
	maxName = textrule.MaxName
	maxText = textrule.MaxText
)

// bytewise makes PostgreSQL compare text by bytes, as SQLite does: the same order and equality in every locale.
func bytewise() entsql.Annotation {
	return entsql.Annotation{Collation: "C"}
}

// textColumn gives a text column no limit in the database. The validator limits it, in characters, on both databases.
func textColumn() map[string]string {
	return map[string]string{dialect.Postgres: "text", dialect.SQLite: "text"}
}

// jsonColumn stores JSON as it was written: jsonb would reorder its keys.
func jsonColumn() map[string]string {
	return map[string]string{dialect.Postgres: "json", dialect.SQLite: "json"}
}

// optional returns the validator of a text that may be empty. field is the name in schema.graphqls.
func optional(field string, limit int) func(string) error {
	return func(value string) error { return textrule.Check(field, value, limit) }
}

// name returns the validator of a name. It rejects characters that make two names look alike.
func name(field string, limit int) func(string) error {
	return func(value string) error { return textrule.Name(field, value, limit) }
}

// required returns the validator of a text that must not be empty or blank.
func required(field string, limit int) func(string) error {
	return func(value string) error {
		if strings.TrimSpace(value) == "" {
			return fault.New(fault.Invalid, "%s must not be empty", field).On(field)
		}
		return textrule.Check(field, value, limit)
	}
}
