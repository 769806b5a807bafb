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

// LSN is a position in PostgreSQL's write-ahead log. A server that has reached it has everything written before. 0 is before
// everything.
type LSN uint64

// String formats an LSN as PostgreSQL does: 16/B374D848.
func (p LSN) String() string { return fmt.Sprintf("%X/%X", uint64(p)>>32, uint32(p)) }

// ParseLSN parses the format of String.
func ParseLSN(text string) (LSN, error) {
	high, low, found := strings.Cut(text, "/")
	h, err := strconv.ParseUint(high, 16, 32)
	l, errLow := strconv.ParseUint(low, 16, 32)
	if !found || err != nil || errLow != nil {
		return 0, fault.New(fault.Invalid, "%q is not a position in the write-ahead log.", text)
	}
	return LSN(h<<32 | l), nil
}

// timeline is one timeline of one database cluster. LSNs are comparable only within a timeline: a promotion begins a new
// one, and later writes of the old primary are on the old timeline only.
type timeline struct{ cluster, timeline int64 }

// replayState is how far a server has written or replayed the log.
type replayState struct {
	timeline timeline
	lsn      LSN
}

// covers reports whether a server in state a has everything that a server in state p has.
func (a replayState) covers(p replayState) bool { return a.timeline == p.timeline && a.lsn >= p.lsn }

const (
	ownTimeline = `('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint`
	cluster     = `(SELECT system_identifier FROM pg_control_system())`

	// primaryStateQuery fails on a standby.
	primaryStateQuery = `SELECT pg_current_wal_lsn()::text, ` + ownTimeline + `, ` + cluster

	// standbyStateQuery also works after a promotion, when replay has ended. No function returns the timeline that a standby
	// replays. The two functions used here return it late, at the next restart point, but never a timeline that the standby
	// has not reached.
	standbyStateQuery = `SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_replay_lsn(), '0/0')
			ELSE pg_current_wal_lsn() END::text,
		CASE WHEN pg_is_in_recovery() THEN greatest(
			(SELECT timeline_id FROM pg_control_checkpoint()),
			(SELECT min_recovery_end_timeline FROM pg_control_recovery()))
			ELSE ` + ownTimeline + ` END, ` + cluster
)

// readReplayState queries the replay state of a server.
func readReplayState(ctx context.Context, db *sql.DB, query string) (replayState, error) {
	var text string
	var at replayState
	err := db.QueryRowContext(ctx, query).Scan(&text, &at.timeline.timeline, &at.timeline.cluster)
	if err == nil {
		at.lsn, err = ParseLSN(text)
	}
	return at, err
}

// where queries the replay state of the connected server.
func (c *conn) queryReplayState(ctx context.Context) (at replayState, err error) {
	uncounted := context.WithValue(ctx, counterKey{}, (*chain)(nil))
	err = c.read(uncounted, standbyStateQuery, nil, func(found driver.Rows) error {
		values := make([]driver.Value, 3)
		if err := found.Next(values); err != nil {
			return err
		}
		at.timeline.timeline, _ = values[1].(int64)
		at.timeline.cluster, _ = values[2].(int64)
		at.lsn, err = ParseLSN(fmt.Sprintf("%s", values[0]))
		return err
	})
	return at, err
}
