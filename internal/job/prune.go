package job

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/internal/viewer"
)

// pruneBatch is how many jobs one statement removes, so that no other change waits long for it.
const pruneBatch = 500

// Prune removes the jobs that ended before a time, in small batches, and returns their number. It keeps unfinished jobs.
func Prune(ctx context.Context, client *ent.Client, before time.Time) (removed int, err error) {
	ctx = viewer.SystemContext(ctx)
	var reached time.Time
	for {
		ended, err := client.Job.Query().
			Where(job.StartedAtGTE(reached), job.StartedAtLT(before), job.EndedAtLT(before),
				job.StatusIn(job.StatusDONE, job.StatusERROR)).
			Order(job.ByStartedAt(), job.ByID()).Limit(pruneBatch).
			Select(job.FieldID, job.FieldStartedAt).All(ctx)
		if err != nil || len(ended) == 0 {
			return removed, err
		}
		reached = ended[len(ended)-1].StartedAt
		ids := make([]uuid.UUID, len(ended))
		for i, j := range ended {
			ids[i] = j.ID
		}
		n, err := pruneJobs(ctx, client, ids)
		removed += n
		if err != nil {
			return removed, err
		}
	}
}

// pruneJobs removes jobs, and stores the position in the order of commits up to which jobs were removed, so that readers
// from an earlier position get an error (internal/event).
func pruneJobs(ctx context.Context, client *ent.Client, ids []uuid.UUID) (int, error) {
	tx, err := client.Tx(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit
	var last []struct{ At *int64 }
	err = tx.Job.Query().Where(job.IDIn(ids...)).
		Aggregate(func(s *sql.Selector) string { return sql.As(sql.Max(s.C("event_position")), "at") }).Scan(ctx, &last)
	if err != nil {
		return 0, err
	}
	if len(last) == 1 && last[0].At != nil {
		if _, err := tx.ExecContext(ctx, "UPDATE event_state SET pruned = $1 WHERE pruned < $1", *last[0].At); err != nil {
			return 0, err
		}
	}
	n, err := tx.Job.Delete().Where(job.IDIn(ids...)).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return n, tx.Commit()
}
