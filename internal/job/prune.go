package job

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/job"
	"cloudapi/internal/viewer"
)

// pruneBatch is how many jobs one statement removes: few enough that no other
// change waits long for it.
const pruneBatch = 500

// Prune removes the jobs that ended before a time, in small batches, and returns
// how many it has removed. Jobs that have not ended stay.
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
		n, err := client.Job.Delete().Where(job.IDIn(ids...)).Exec(ctx)
		removed += n
		if err != nil {
			return removed, err
		}
	}
}
