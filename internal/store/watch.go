package store

import "context"

// Watcher hears of each statement when it is sent, and by end when its last
// row was read, with the error it ended with. The text has placeholders, never
// values. It is called on the goroutine of the statement, and must be quick.
type Watcher func(ctx context.Context, query string) (end func(error))

// Watch has w hear of all statements from now on, in the place of any other.
func (s *Store) Watch(w Watcher) { s.counters.watcher.Store(&w) }

func (t *counters) watch(ctx context.Context, query string) (end func(error)) {
	if w := t.watcher.Load(); w != nil {
		return (*w)(ctx, query)
	}
	return func(error) {}
}

// Verb says what kind of statement a text is, from a closed list: select,
// insert, update, delete, or other.
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
	default:
		return "other"
	}
}
