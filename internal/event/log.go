// Package event reads the committed jobs in the order of their commits, and notifies a server of new ones at once.
//
// The database assigns each job a position when its row is written (ent/migrate): on PostgreSQL the id of the transaction,
// on SQLite a sequence. A PostgreSQL transaction can commit after one with a higher id, so a reader stops below the oldest
// running transaction, where no more jobs can appear. ADR 13 has the details.
package event

import (
	"context"
	"database/sql"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"cloudapi/internal/fault"
)

// Event is a committed step of a job.
type Event struct {
	Position
	// Action is the name of the mutation.
	Action string
	// Status is the status of the job.
	Status string
	// CustomerID and UserID are uuid.Nil if the job has none.
	CustomerID uuid.UUID
	UserID     uuid.UUID
}

// Done reports whether the job has succeeded.
func (e *Event) Done() bool { return e.Status == "DONE" }

// Ended reports whether the job has ended.
func (e *Event) Ended() bool { return e.Status == "DONE" || e.Status == "ERROR" }

// Page is the result of reading the log.
type Page struct {
	Events []Event
	// Head is the position below which no more events can appear.
	Head Position
	// Next is the position of the next event to be written.
	Next Position
	// Held reports whether an event is committed at Head or above. It can be read when the oldest running transaction has
	// ended.
	Waiting bool
}

// Database is the primary, for positions that a standby may not have replayed.
type Database interface {
	Dialect() string
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Log is the ordered log of a database's committed jobs.
type Log struct{ db Database }

// NewLog returns the log of a database.
func NewLog(db Database) *Log { return &Log{db: db} }

const columns = "j.event_position, j.id, j.action, j.status, j.customer_id, j.user_id"

// On PostgreSQL the statement has one snapshot. Its events below the oldest running transaction are complete, and so are
// those below an event that was read earlier ($4). Whether others wait is determined once, from the end of the index, also
// where PostgreSQL has no statistics of the table yet.
const postgresAfter = `WITH s AS MATERIALIZED (SELECT pg_current_snapshot() AS now),
head AS MATERIALIZED (SELECT greatest(%s, $4) AS at, pg_snapshot_xmax(now)::text::bigint AS next,
  (SELECT max(event_position) FROM jobs WHERE event_position IS NOT NULL) AS last FROM s)
SELECT head.at, head.next, coalesce(head.last >= head.at, false), ` + columns + `
FROM head LEFT JOIN LATERAL (
  SELECT * FROM jobs WHERE (event_position, id) > ($1, $2) AND event_position < head.at ORDER BY event_position, id LIMIT $3
) j ON true ORDER BY j.event_position, j.id`

const (
	oldest = `pg_snapshot_xmin(now)::text::bigint`
	// oldestOfDatabase ignores transactions of the cluster's other databases, which write nothing here. It must read all locks to
	// find them.
	oldestOfDatabase = `coalesce((SELECT min(x::text::bigint) FROM pg_snapshot_xip(now) x
  WHERE x::text::bigint & 4294967295 NOT IN (
    SELECT l.transactionid::text::bigint FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
    AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database()))),
  pg_snapshot_xmax(now)::text::bigint)`
)

// SQLite has one writer at a time, so commits are already in order.
const sqliteAfter = `SELECT head.at, head.at, 0, ` + columns + ` FROM (
  SELECT max(coalesce((SELECT max(event_position) FROM jobs WHERE event_position IS NOT NULL), 0), pruned) + 1 AS at FROM event_state
) head LEFT JOIN (
  SELECT * FROM jobs WHERE event_position IS NOT NULL AND (event_position, id) > ($1, $2) ORDER BY event_position, id LIMIT $3
) j ON true ORDER BY j.event_position, j.id`

// Range selects what to read.
type Range struct {
	// After is the position before the first event.
	After Position
	// Limit is the maximum number of events.
	Limit int
	// Known is the position of an event that was read earlier: all events before it are complete.
	Known Position
	// IgnoreOtherDatabases ignores the running transactions of other databases.
	IgnoreOtherDatabases bool
}

// Read returns a page of events.
func (l *Log) Read(ctx context.Context, r Range) (*Page, error) {
	query, args := sqliteAfter, []any{r.After.At, r.After.Job.String(), r.Limit}
	if l.db.Dialect() == dialect.Postgres {
		at := oldest
		if r.IgnoreOtherDatabases {
			at = oldestOfDatabase
		}
		query, args = fmt.Sprintf(postgresAfter, at), append(args, r.Known.At+1)
	}
	rows, err := l.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	defer func() { _ = rows.Close() }()
	page := &Page{}
	for rows.Next() {
		if err := page.add(rows); err != nil {
			return nil, fmt.Errorf("read the changes: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	return page, nil
}

// add adds a row. The only row of an empty page has no job.
func (p *Page) add(rows *sql.Rows) error {
	var position sql.NullInt64
	var id, customer, user uuid.NullUUID
	var action, status sql.NullString
	if err := rows.Scan(&p.Head.At, &p.Next.At, &p.Waiting, &position, &id, &action, &status, &customer, &user); err != nil {
		return err
	}
	if position.Valid {
		p.Events = append(p.Events, Event{
			Position: Position{At: position.Int64, Job: id.UUID}, Action: action.String, Status: status.String,
			CustomerID: customer.UUID, UserID: user.UUID,
		})
	}
	return nil
}

// Last returns the position behind all readable events. It is the position of a job, not the next transaction id: after a
// crash PostgreSQL may assign an id again that left no data on disk.
func (l *Log) Last(ctx context.Context) (Position, error) {
	below := "event_position IS NOT NULL"
	if l.db.Dialect() == dialect.Postgres {
		below = "event_position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
	}
	var at int64
	err := l.queryValue(ctx, "SELECT coalesce((SELECT event_position FROM jobs WHERE "+below+
		" ORDER BY event_position DESC, id DESC LIMIT 1), 0)", &at)
	if err != nil || at == 0 {
		return Position{}, err
	}
	return Position{At: at, Job: uuid.Max}, nil
}

// Check reports whether all events after a position are still readable. The position must match a job, or a job of the same
// transaction, which shows that the history is the same.
func (l *Log) Check(ctx context.Context, p Position) error {
	var removed int64
	if err := l.queryValue(ctx, "SELECT pruned FROM event_state", &removed); err != nil {
		return err
	}
	switch {
	case removed > 0 && p.At <= removed:
		return pruned()
	case p == Position{}:
		return nil
	}
	var count int
	err := l.queryValue(ctx, "SELECT count(*) FROM jobs WHERE event_position = $1 AND (id = $2 OR $3 = 1)", &count,
		p.At, p.Job.String(), ofTransaction(p))
	if err == nil && count == 0 {
		return restored()
	}
	return err
}

// ofTransaction returns 1 for a position behind all jobs of its transaction.
func ofTransaction(p Position) int {
	if p.Job == uuid.Max {
		return 1
	}
	return 0
}

// Status returns the status of a job, or a fault if the job does not exist.
func (l *Log) Status(ctx context.Context, id uuid.UUID) (status string, err error) {
	err = l.queryValue(ctx, "SELECT coalesce((SELECT status FROM jobs WHERE id = $1), '')", &status, id.String())
	if err == nil && status == "" {
		err = fault.Missing("job", id)
	}
	return status, err
}

// queryValue reads the single value of a statement.
func (l *Log) queryValue(ctx context.Context, query string, into any, args ...any) error {
	rows, err := l.db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	return rows.Scan(into)
}
