package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// route says where a statement outside a transaction runs: a query with the
// readers, or on a standby where its context allows that and the standby has
// come far enough; everything else with the writer. In doubt the writer it is:
// ent sends INSERT … RETURNING as a query.
func (s *Store) route(ctx context.Context, query string) (*sql.DB, *standby) {
	if b := s.pick(ctx, query); b != nil {
		return b.db, b
	}
	if reads(query) {
		return s.reader, nil
	}
	return s.writer, nil
}

// elsewhere reports whether a query that failed on a standby before it gave
// anything should run on the primary: the standby is away, or was replaying
// what the query was looking at.
func (s *Store) elsewhere(ctx context.Context, b *standby, err error) bool {
	if b == nil || err == nil || ctx.Err() != nil {
		return false
	}
	if answer, ok := errors.AsType[*pq.Error](err); ok {
		switch {
		case answer.Code == pqerror.TRSerializationFailure || answer.Code == pqerror.ReadOnlySQLTransaction:
			return true // conflicts with recovery; or writes after all
		case !goneCode(answer.Code):
			return false
		}
	}
	b.failed()
	s.options.Logger.WarnContext(ctx, "standby does not answer, the primary does its work",
		"host", b.host, "error", err)
	return true
}
