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

// maxCachedLength is the maximum length, in bytes, of a statement that is prepared and cached: longer ones have hundreds of
// placeholders, or are written by hand, and rarely repeat.
const maxCachedLength = 64 << 10

// statement is the common interface of both drivers' prepared statements.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// statementCache is the LRU cache of one connection's prepared statements; evicted ones are closed. The drivers have no such
// cache: lib/pq would parse and plan every statement anew.
type statementCache struct {
	conn driver.ConnPrepareContext
	lru  *simplelru.LRU[string, statement]
	// failed is the first error of closing an evicted statement; after it the connection must not be used.
	failed error
}

func newStatementCache(conn driver.ConnPrepareContext, size int) (*statementCache, error) {
	s := &statementCache{conn: conn}
	lru, err := simplelru.NewLRU(size, func(_ string, st statement) {
		if err := st.Close(); err != nil && s.failed == nil {
			s.failed = err
		}
	})
	if err != nil {
		return nil, err
	}
	s.lru = lru
	return s, nil
}

// get returns the prepared statement for query, and prepares it if necessary.
func (s *statementCache) get(ctx context.Context, query string) (statement, error) {
	if st, ok := s.lru.Get(query); ok {
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
	s.lru.Add(query, st)
	return st, nil
}

// purge closes all cached statements: a schema change that made one of them stale affects others too.
func (s *statementCache) purge() { s.lru.Purge() }

// isCacheable reports whether a statement can be prepared and is likely to repeat: not SET, CREATE or LISTEN, and no
// scripts. A statement with a semicolon in a literal is treated as a script, which only means that it is not cached.
func isCacheable(query string) bool {
	if len(query) > maxCachedLength || strings.Contains(query, ";") {
		return false
	}
	switch firstWord(query) {
	case "SELECT", "WITH", "INSERT", "UPDATE", "DELETE":
		return true
	default:
		return false
	}
}

// isStale reports whether the database rejected a prepared statement because it became invalid: a schema change altered its
// result columns, or the session lost it (DISCARD ALL, a pooler).
func isStale(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	return e.Code == pqerror.InvalidSQLStatementName ||
		// The code alone means any unsupported feature. The routine's name is not translated, unlike the message.
		e.Code == pqerror.FeatureNotSupported && e.Routine == "RevalidateCachedQuery"
}

// isReadOnly reports whether a statement only reads, so that it may run on a read-only connection, and again if its connection is
// lost. In doubt it returns false, and the statement runs on the writer.
func isReadOnly(query string) bool {
	switch firstWord(query) {
	case "SELECT":
		// FOR UPDATE and FOR SHARE take locks. They are at the end of a statement.
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

// firstWord returns the first word of a statement in upper case, after blanks and opening parentheses.
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
