package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"

	"cloudapi/internal/fault"
)

// Position is a place in PostgreSQL's write-ahead log: what is written up to
// it, a server that has reached it has. 0 is before everything.
type Position uint64

// String writes a position as PostgreSQL does: 16/B374D848.
func (p Position) String() string { return fmt.Sprintf("%X/%X", uint64(p)>>32, uint32(p)) }

// ParsePosition reads what String writes.
func ParsePosition(text string) (Position, error) {
	high, low, found := strings.Cut(text, "/")
	h, err := strconv.ParseUint(high, 16, 32)
	l, errLow := strconv.ParseUint(low, 16, 32)
	if !found || err != nil || errLow != nil {
		return 0, fault.New(fault.Invalid, "%q is not a position in the write-ahead log.", text)
	}
	return Position(h<<32 | l), nil
}

// history names one history of one database cluster. Positions can be compared
// within a history only: a promotion begins a new one, and what the old
// primary wrote after that point is in the old one alone.
type history struct{ cluster, timeline int64 }

// place is how far a server has come.
type place struct {
	history  history
	position Position
}

// covers reports whether a server there has all that one at p has.
func (a place) covers(p place) bool { return a.history == p.history && a.position >= p.position }

const (
	ownTimeline = `('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint`
	cluster     = `(SELECT system_identifier FROM pg_control_system())`

	// wherePrimary fails on a standby.
	wherePrimary = `SELECT pg_current_wal_lsn()::text, ` + ownTimeline + `, ` + cluster

	// whereStandby works after a promotion too, when nothing is replayed any
	// more. No function tells which timeline a standby replays. These two tell
	// it too late, until the next restart point: never one that it has not
	// reached.
	whereStandby = `SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
			ELSE pg_current_wal_lsn() END::text,
		CASE WHEN pg_is_in_recovery() THEN greatest(
			(SELECT timeline_id FROM pg_control_checkpoint()),
			(SELECT min_recovery_end_timeline FROM pg_control_recovery()))
			ELSE ` + ownTimeline + ` END, ` + cluster
)

// where asks a server how far it has come.
func where(ctx context.Context, db *sql.DB, query string) (place, error) {
	var text string
	var at place
	err := db.QueryRowContext(ctx, query).Scan(&text, &at.history.timeline, &at.history.cluster)
	if err == nil {
		at.position, err = ParsePosition(text)
	}
	return at, err
}

// where asks the server at the other end of a connection.
func (c *conn) where(ctx context.Context) (at place, err error) {
	uncounted := context.WithValue(ctx, counterKey{}, (*chain)(nil))
	err = c.read(uncounted, whereStandby, nil, func(found driver.Rows) error {
		values := make([]driver.Value, 3)
		if err := found.Next(values); err != nil {
			return err
		}
		at.history.timeline, _ = values[1].(int64)
		at.history.cluster, _ = values[2].(int64)
		at.position, err = ParsePosition(fmt.Sprintf("%s", values[0]))
		return err
	})
	return at, err
}
