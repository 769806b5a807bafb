package ent

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// ForUpdate is a predicate of every entity that selects all rows and locks them until the end of the transaction. SQLite needs no
// lock, because it has one writer at a time.
func ForUpdate(s *sql.Selector) {
	if s.Dialect() == dialect.Postgres {
		s.ForUpdate()
	}
}
