package store

import "context"

// Watcher is called when a statement is sent; end is called with the statement's error after its last row was read. The
// text has placeholders, never values. Both run on the goroutine of the statement and must be quick.
type Watcher func(ctx context.Context, query string) (end func(error))

// Watch sets the observer of all statements, and replaces an earlier one.
func (s *Store) Watch(w Watcher) { s.counters.watcher.Store(&w) }

func (t *counters) watch(ctx context.Context, query string) (end func(error)) {
	if w := t.watcher.Load(); w != nil {
		return (*w)(ctx, query)
	}
	return func(error) {}
}

// Observe counts a statement that is sent as a part of a script, and reports it to the watcher. Call end with the
// statement's error.
func (s *Store) Observe(ctx context.Context, query string) (end func(error)) {
	countStatement(ctx)
	s.counters.statements.Add(1)
	return s.counters.watch(ctx, query)
}

// Verb returns the kind of a statement, from a closed list: select, insert, update, delete, commit, or other.
func Verb(query string) string {
	switch firstWord(query) {
	case "SELECT", "WITH":
		return "select"
	case "INSERT":
		return "insert"
	case "UPDATE":
		return "update"
	case "DELETE":
		return "delete"
	case "COMMIT":
		return "commit"
	default:
		return "other"
	}
}
