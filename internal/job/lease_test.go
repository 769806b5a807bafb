package job_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	entjob "cloudapi/ent/job"
	"cloudapi/ent/migrate"
	_ "cloudapi/ent/runtime" // policies, hooks and validators
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/secret"
	"cloudapi/internal/stamp"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// TestLeases gives a worker a job that another worker has leased, and one that is free. It takes the former only after the
// lease has expired.
func TestLeases(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + t.TempDir() + "/test.db", "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			client := client(t, url)
			for _, c := range []struct {
				name  string
				until time.Duration
				ahead time.Duration // of the clock that leases are compared with
				want  entjob.Status
			}{
				{"the lease goes on", time.Hour, 0, entjob.StatusRUNNING},
				{"the lease has ended", -time.Second, 0, entjob.StatusDONE},
				{"the lease has ended by the clock of the database, a minute ahead of the server's", 30 * time.Second, time.Minute, entjob.StatusDONE},
				{"the lease goes on by the clock of the database, a minute behind the server's", -30 * time.Second, -time.Minute, entjob.StatusRUNNING},
			} {
				t.Run(c.name, func(t *testing.T) {
					ctx := viewer.SystemContext(t.Context())
					leased := waiting(t, ctx, client)
					err := leased.Update().SetStatus(entjob.StatusRUNNING).SetLeaseOwner(uuid.New()).
						SetLeaseUntil(stamp.Now().Add(c.until)).Exec(ctx)
					if err != nil {
						t.Fatal(err)
					}
					// Jobs are taken in the order of their ids: when the second is done, the first was either skipped or is
					// done.
					clock := func(context.Context) (time.Time, error) { return stamp.Now().Add(c.ahead), nil }
					runUntilEnd(t, client, workerBy(client, clock, nothing()), waiting(t, ctx, client).ID)
					found, err := client.Job.Get(ctx, leased.ID)
					if err != nil || found.Status != c.want {
						t.Errorf("the job is %v, want %v: %v", found.Status, c.want, err)
					}
				})
			}
		})
	}
}

func client(t *testing.T, url string) *ent.Client {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := store.Migrate(t.Context(), s, migrate.Files); err != nil {
		t.Fatal(err)
	}
	return ent.NewClient(ent.Driver(s.Driver()))
}

const action = "doNothing"

func nothing() job.Task {
	return job.Task{
		Check:  func(context.Context) error { return nil },
		Before: func(context.Context, job.BeforeTx, uuid.UUID) error { return nil },
		Work:   func(context.Context, *ent.Client, *job.Record) error { return nil },
	}
}

func queue(client *ent.Client, log *slog.Logger) *job.Queue {
	recorder := job.NewRecorder(job.Options{Client: client, Log: log, Classify: fault.As})
	return job.NewQueue(recorder, &job.Encrypter{Client: client, Key: secret.New("key")})
}

func worker(client *ent.Client, log *slog.Logger, task job.Task) *job.Worker {
	return job.NewWorker(queue(client, log), map[string]job.Handler{
		action: func(uuid.UUID, []byte) (job.Task, error) { return task, nil },
	})
}

// workerBy returns a worker with a clock for leases.
func workerBy(client *ent.Client, clock func(context.Context) (time.Time, error), task job.Task) *job.Worker {
	q := queue(client, slog.New(slog.DiscardHandler))
	q.Clock = clock
	return job.NewWorker(q, map[string]job.Handler{
		action: func(uuid.UUID, []byte) (job.Task, error) { return task, nil },
	})
}

// waiting creates a job that was recorded and not begun.
func waiting(t *testing.T, ctx context.Context, client *ent.Client) *ent.Job {
	t.Helper()
	customer := uuid.New()
	j, err := queue(client, slog.New(slog.DiscardHandler)).Start(ctx, job.Change{Action: action, CustomerID: &customer}, []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// runUntilEnd runs a worker until a job has ended, and returns the job.
func runUntilEnd(t *testing.T, client *ent.Client, w *job.Worker, id uuid.UUID) *ent.Job {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(ctx)
	}()
	defer func() {
		stop()
		<-ended
	}()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		j, err := client.Job.Get(viewer.SystemContext(t.Context()), id)
		if err != nil {
			t.Fatal(err)
		}
		if j.EndedAt != nil {
			return j
		}
		if time.Now().After(deadline) {
			t.Fatalf("the job is still %v", j.Status)
		}
	}
}
