package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// longestKept bounds the text of a statement that is kept: longer ones are
// written by hand or carry hundreds of placeholders, and rarely come twice.
// In bytes.
const longestKept = 64 << 10

// statement is what both drivers' prepared statements can do.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// statements keeps the prepared statements of one connection, least recently
// used evicted and closed. Neither driver keeps any: lib/pq parses and plans
// every statement anew.
type statements struct {
	conn driver.ConnPrepareContext
	kept *simplelru.LRU[string, statement]
	// failed is the first error of closing an evicted statement, after which
	// the connection cannot be trusted.
	failed error
}

func newStatements(conn driver.ConnPrepareContext, size int) (*statements, error) {
	s := &statements{conn: conn}
	kept, err := simplelru.NewLRU(size, func(_ string, st statement) {
		if err := st.Close(); err != nil && s.failed == nil {
			s.failed = err
		}
	})
	if err != nil {
		return nil, err
	}
	s.kept = kept
	return s, nil
}

// get returns the statement, preparing it when it is not kept.
func (s *statements) get(ctx context.Context, query string) (statement, error) {
	if st, ok := s.kept.Get(query); ok {
		return st, nil
	}
	prepared, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	st, ok := prepared.(statement)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, prepared.Close())
	}
	s.kept.Add(query, st)
	return st, nil
}

// forget closes every kept statement: what has made one of them stale, a
// change of the schema, has done so with others.
func (s *statements) forget() { s.kept.Purge() }

// keepable tells statements that come again from those that do not (SET,
// CREATE, LISTEN) and from scripts, which cannot be prepared. A semicolon
// inside a literal costs that statement its place, no more.
func keepable(query string) bool {
	if len(query) > longestKept || strings.Contains(query, ";") {
		return false
	}
	switch firstWord(query) {
	case "SELECT", "WITH", "INSERT", "UPDATE", "DELETE":
		return true
	default:
		return false
	}
}

// stale reports whether the database refused a prepared statement because it
// is not what it was when it was prepared: its result has other columns since
// the schema changed, or the session has lost it (DISCARD ALL, a pooler).
func stale(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	return e.Code == pqerror.InvalidSQLStatementName ||
		// The code alone means any unsupported feature; the routine is not
		// translated, as the message is.
		e.Code == pqerror.FeatureNotSupported && e.Routine == "RevalidateCachedQuery"
}

// reads reports whether a statement only reads, so that it may run on a
// connection that cannot write, and run again when its connection is lost.
// In doubt it says no: then the statement goes to the writer.
func reads(query string) bool {
	switch firstWord(query) {
	case "SELECT":
		// FOR UPDATE and FOR SHARE take locks, and stand at the end.
		tail := query[max(0, len(query)-64):]
		return !strings.Contains(strings.ToUpper(tail), " FOR ")
	case "WITH":
		upper := strings.ToUpper(query)
		for _, verb := range []string{"INSERT", "UPDATE", "DELETE", "MERGE"} {
			if strings.Contains(upper, verb) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// firstWord is the first word of a statement in upper case, skipping blanks
// and opening parentheses.
func firstWord(query string) string {
	query = strings.TrimLeft(query, " \t\r\n(")
	end := strings.IndexFunc(query, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		end = len(query)
	}
	return strings.ToUpper(query[:end])
}
