package event

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"entgo.io/ent/dialect"
)

// sourceQuery identifies a PostgreSQL database: its cluster and its oid. A dump restored into another cluster contains
// transaction ids of the original cluster.
const sourceQuery = `SELECT (SELECT system_identifier FROM pg_control_system())::text || '/' ||
  (SELECT oid FROM pg_database WHERE datname = current_database())::text`

// clearBatch is how many rows lose their positions in one statement.
const clearBatch = 10_000

// Epoch returns the database's epoch. It starts a new one if the database is a restored copy of another.
func (l *Log) Epoch(ctx context.Context) (epoch Epoch, err error) {
	if l.db.Dialect() == dialect.Postgres {
		if err := l.reconcileSource(ctx); err != nil {
			return epoch, fmt.Errorf("begin an epoch of positions: %w", err)
		}
	}
	var text string
	if err := l.queryValue(ctx, "SELECT epoch FROM event_state", &text); err != nil {
		return epoch, fmt.Errorf("read the epoch of positions: %w", err)
	}
	if n, err := hex.Decode(epoch[:], []byte(text)); err != nil || n != len(epoch) {
		return epoch, fmt.Errorf("the epoch of positions is malformed: %q", text)
	}
	return epoch, nil
}

// reconcileSource compares the database's identity with the stored one. If the database was restored, it removes the positions that
// the new cluster has not reached, because they are meaningless there, and starts a new epoch. A job written in this cluster
// has the id of the transaction that wrote its row as its position.
func (l *Log) reconcileSource(ctx context.Context) error {
	var current, stored string
	if err := l.queryValue(ctx, sourceQuery, &current); err != nil {
		return err
	}
	if err := l.queryValue(ctx, "SELECT source FROM event_state", &stored); err != nil || stored == current {
		return err
	}
	if stored == "" {
		_, err := l.db.ExecContext(ctx, "UPDATE event_state SET source = $1 WHERE source = ''", current)
		return err
	}
	for {
		result, err := l.db.ExecContext(ctx, `UPDATE jobs SET event_position = NULL WHERE id IN (
			SELECT id FROM jobs WHERE event_position >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint
			AND xmin::text::bigint <> event_position & 4294967295 LIMIT $1)
			AND EXISTS (SELECT 1 FROM event_state WHERE source = $2)`, clearBatch, stored)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n < clearBatch {
			if err != nil {
				return err
			}
			break
		}
	}
	_, err := l.db.ExecContext(ctx, "UPDATE event_state SET source = $1, epoch = $2, pruned = 0 WHERE source = $3", current, newEpoch(), stored)
	return err
}

func newEpoch() string {
	var e Epoch
	_, _ = rand.Read(e[:]) // crypto/rand never fails
	return hex.EncodeToString(e[:])
}
