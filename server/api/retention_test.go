package api_test

import (
	"testing"
	"time"

	"cloudapi/ent/accesstoken"
	entjob "cloudapi/ent/job"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestWhatIsOldGoes: a server with --keep-jobs removes jobs that ended long ago, in several batches, and keeps recent and
// unfinished ones. Every server removes expired tokens.
func TestWhatIsOldGoes(t *testing.T) {
	apitest.Each(t, func(t *testing.T, first *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		insertJobs(t, first, 1, 1200, first.Customer(t, "c"))
		alter(t, first, "UPDATE jobs SET started_at = '2020-01-02 03:04:05+00:00', ended_at = '2020-01-02 03:04:06+00:00' WHERE action = 'many'")
		old := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
		waiting := first.Client.Job.Create().SetAction("waiting").SetStatus(entjob.StatusWAITING).SetStartedAt(old).SaveX(ctx)
		mia := first.Client.CloudUser.Query().FirstX(ctx)
		token := func(hash string, ends time.Time) {
			first.Client.AccessToken.Create().SetUserID(mia.ID).SetKind(accesstoken.KindPERSONAL).
				SetName(hash).SetHash([]byte(hash)).SetExpiresAt(ends).SaveX(ctx)
		}
		token("expired", old)
		token("valid", time.Now().Add(time.Hour))
		recent := first.Client.Job.Query().Where(entjob.ActionNEQ("many")).CountX(ctx)

		apitest.Open(t, first.URL, withoutWorkers, func(o *api.Options) { o.KeepJobs = time.Hour })
		eventually(t, "the old jobs are gone", func() bool {
			return first.Client.Job.Query().Where(entjob.Action("many")).CountX(ctx) == 0
		})
		eventually(t, "the expired token is gone", func() bool {
			return first.Client.AccessToken.Query().Where(accesstoken.Name("expired")).CountX(ctx) == 0
		})
		if left := first.Client.Job.Query().CountX(ctx); left != recent {
			t.Errorf("%d jobs are left of %d that are recent or have not ended", left, recent)
		}
		first.Client.Job.GetX(ctx, waiting.ID)
		if n := first.Client.AccessToken.Query().Where(accesstoken.Name("valid")).CountX(ctx); n != 1 {
			t.Error("a valid token is gone")
		}
	})
}
