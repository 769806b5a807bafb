package api

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/internal/idempotency"
	jobs "cloudapi/internal/job"
	"cloudapi/internal/service"
	"cloudapi/internal/stamp"
	"cloudapi/internal/viewer"
)

// DefaultJobWorkers is the default number of workers.
const DefaultJobWorkers = 2

// cleanInterval is how often a server removes expired data.
const cleanInterval = time.Hour

// addBackgroundServices adds the background services.
func (a *API) addBackgroundServices(o Options, queue *jobs.Queue, keys *idempotency.Keys) {
	handlers := a.Customers.Handlers()
	for i := range max(0, cmp.Or(o.JobWorkers, DefaultJobWorkers)) {
		a.background.Add(service.Service{
			Name: fmt.Sprintf("job-worker-%d", i+1), Run: jobs.NewWorker(queue, handlers).Run,
		})
	}
	a.background.Add(service.Service{Name: "streams", Run: a.runStreams})
	a.background.Add(service.Service{Name: "last-use-of-tokens", Run: a.usage.Run})
	a.background.Add(service.Service{Name: "old-idempotency-keys", Run: service.Every(cleanInterval, keys.Clean)})
	a.background.Add(service.Service{Name: "expired-tokens", Run: service.Every(cleanInterval, func(ctx context.Context) error {
		return removeExpiredTokens(ctx, a.Client)
	})})
	if o.KeepJobs > 0 {
		a.background.Add(service.Service{Name: "old-jobs", Run: service.Every(cleanInterval, func(ctx context.Context) error {
			_, err := jobs.Prune(ctx, a.Client, stamp.Now().Add(-o.KeepJobs))
			return err
		})})
	}
}

// removeExpiredTokens removes expired sessions and personal tokens in small batches.
func removeExpiredTokens(ctx context.Context, client *ent.Client) error {
	const batch = 500
	ctx = viewer.SystemContext(ctx)
	for {
		ids, err := client.AccessToken.Query().
			Where(accesstoken.ExpiresAtLT(stamp.Now())).Limit(batch).IDs(ctx)
		if err != nil || len(ids) == 0 {
			return err
		}
		if _, err := client.AccessToken.Delete().Where(accesstoken.IDIn(ids...)).Exec(ctx); err != nil {
			return err
		}
	}
}
