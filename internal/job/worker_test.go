package job_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	entjob "cloudapi/ent/job"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/stamp"
	"cloudapi/internal/viewer"
)

// logged is a log that a test can read while a worker writes.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// each runs a test on both databases.
func each(t *testing.T, test func(t *testing.T, client *ent.Client)) {
	t.Helper()
	for name, url := range map[string]string{"sqlite": "sqlite://" + t.TempDir() + "/test.db", "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) { test(t, client(t, url)) })
	}
}

// TestAPanicEndsItsJob: a panic in any stage ends only that job, and the next one runs.
func TestAPanicEndsItsJob(t *testing.T) {
	boom := func() { panic("boom") }
	for stage, spoil := range map[string]func(*job.Task){
		"check": func(task *job.Task) { task.Check = func(context.Context) error { boom(); return nil } },
		"before": func(task *job.Task) {
			task.Before = func(context.Context, job.BeforeTx, uuid.UUID) error { boom(); return nil }
		},
		"work": func(task *job.Task) {
			task.Work = func(context.Context, *ent.Client, *job.Record) error { boom(); return nil }
		},
	} {
		t.Run(stage, func(t *testing.T) {
			each(t, func(t *testing.T, client *ent.Client) {
				ctx := viewer.SystemContext(t.Context())
				log := &logged{}
				task := nothing()
				spoil(&task)
				first := waiting(t, ctx, client)
				ended := runUntilEnd(t, client, worker(client, slog.New(slog.NewTextHandler(log, nil)), task), first.ID)
				if ended.Status != entjob.StatusERROR || !strings.HasPrefix(ended.Error, "INTERNAL") || ended.Sealed != nil && len(*ended.Sealed) > 0 {
					t.Errorf("the job is %v: %s", ended.Status, ended.Error)
				}
				if !strings.Contains(log.String(), "boom") || !strings.Contains(log.String(), "worker_test.go") {
					t.Errorf("the log has no stack:\n%s", log)
				}
				next := runUntilEnd(t, client, worker(client, slog.New(slog.DiscardHandler), nothing()), waiting(t, ctx, client).ID)
				if next.Status != entjob.StatusDONE {
					t.Errorf("the next job is %v: %s", next.Status, next.Error)
				}
			})
		})
	}
}

// TestAJobWhoseServersDiedIsGivenUp: a job runs again after two deaths, and is given up after the third. One without a
// customer cannot run, and ends.
func TestAJobWhoseServersDiedIsGivenUp(t *testing.T) {
	each(t, func(t *testing.T, client *ent.Client) {
		ctx := viewer.SystemContext(t.Context())
		for deaths, want := range map[int]entjob.Status{1: entjob.StatusDONE, 2: entjob.StatusERROR} {
			left := waiting(t, ctx, client)
			err := left.Update().SetStatus(entjob.StatusRUNNING).SetLeaseOwner(uuid.New()).
				SetLeaseUntil(stamp.Now().Add(-1)).SetDeaths(deaths).Exec(ctx)
			if err != nil {
				t.Fatal(err)
			}
			ended := runUntilEnd(t, client, worker(client, slog.New(slog.DiscardHandler), nothing()), left.ID)
			if ended.Status != want || ended.Deaths != deaths+1 {
				t.Errorf("after %d deaths the job is %v: %s", ended.Deaths, ended.Status, ended.Error)
			}
		}
		none, err := queue(client, slog.New(slog.DiscardHandler)).Start(ctx, job.Change{Action: action}, []byte("payload"))
		if err != nil {
			t.Fatal(err)
		}
		ended := runUntilEnd(t, client, worker(client, slog.New(slog.DiscardHandler), nothing()), none.ID)
		if ended.Status != entjob.StatusERROR {
			t.Errorf("a job without a customer is %v", ended.Status)
		}
	})
}

// TestADoneJobHasNoError: the error of an earlier attempt is removed.
func TestADoneJobHasNoError(t *testing.T) {
	each(t, func(t *testing.T, client *ent.Client) {
		ctx := viewer.SystemContext(t.Context())
		var mu sync.Mutex
		calls := 0
		task := nothing()
		task.Before = func(context.Context, job.BeforeTx, uuid.UUID) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls == 1 {
				return fault.New(fault.Unavailable, "The portal is away")
			}
			return nil
		}
		done := runUntilEnd(t, client, worker(client, slog.New(slog.DiscardHandler), task), waiting(t, ctx, client).ID)
		if done.Status != entjob.StatusDONE || done.Error != "" || done.Attempts != 2 {
			t.Errorf("the job is %v after %d attempts: %q", done.Status, done.Attempts, done.Error)
		}
	})
}

// TestAWorkerActsAsTheUserIsNow: the work runs with the user's current role.
func TestAWorkerActsAsTheUserIsNow(t *testing.T) {
	each(t, func(t *testing.T, client *ent.Client) {
		system := viewer.SystemContext(t.Context())
		user := client.CloudUser.Create().SetLogin("u").SetLoginFold("u").SetRole(clouduser.RoleOPERATOR).SaveX(system)
		as := viewer.NewContext(t.Context(), &viewer.Viewer{ID: user.ID, Login: "u", Role: viewer.Operator})
		var seen *viewer.Viewer
		task := nothing()
		task.Work = func(ctx context.Context, _ *ent.Client, _ *job.Record) error {
			seen = viewer.FromContext(ctx)
			return nil
		}
		j := waiting(t, as, client)
		user.Update().SetRole(clouduser.RoleMEMBER).ExecX(system)
		runUntilEnd(t, client, worker(client, slog.New(slog.DiscardHandler), task), j.ID)
		if seen == nil || seen.ID != user.ID || seen.Role != viewer.Member || seen.System {
			t.Errorf("the work was done as %+v", seen)
		}
	})
}

// TestBeforeEndsWithItsStage: a BeforeTx that is kept is invalid afterwards, and none can be created within a transaction.
func TestBeforeEndsWithItsStage(t *testing.T) {
	each(t, func(t *testing.T, client *ent.Client) {
		ctx := viewer.SystemContext(t.Context())
		recorder := job.NewRecorder(job.Options{Client: client, Log: slog.New(slog.DiscardHandler), Classify: fault.As})
		var kept job.BeforeTx
		change := job.Change{Action: action, Before: func(_ context.Context, b job.BeforeTx, _ uuid.UUID) error {
			kept = b
			return b.Check()
		}}
		_, err := recorder.Do(ctx, change, func(ctx context.Context, _ *ent.Client, _ *job.Record) error {
			if kept.Check() == nil {
				t.Error("a BeforeTx still counts within the transaction")
			}
			within := job.Before(ctx, func(context.Context, job.BeforeTx) error { return nil })
			return errors.Join(within)
		})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("the stage before was run within a transaction: %v", err)
		}
		if (job.BeforeTx{}).Check() == nil {
			t.Error("a BeforeTx of nobody counts")
		}
	})
}

// TestPruneRemovesWhatEndedBefore: jobs that ended before the time are removed, in more than one batch; other jobs and
// unfinished ones stay.
func TestPruneRemovesWhatEndedBefore(t *testing.T) {
	each(t, func(t *testing.T, client *ent.Client) {
		ctx := viewer.SystemContext(t.Context())
		limit := stamp.Now().Add(-time.Hour)
		rows := []*ent.JobCreate{}
		for i := range 1200 {
			at := limit.Add(-time.Duration(i+1) * time.Second)
			rows = append(rows, client.Job.Create().SetAction(action).SetStatus(entjob.StatusDONE).SetStartedAt(at).SetEndedAt(at))
		}
		client.Job.CreateBulk(rows...).ExecX(ctx)
		old := limit.Add(-time.Minute)
		stays := []uuid.UUID{
			client.Job.Create().SetAction(action).SetStatus(entjob.StatusWAITING).SetStartedAt(old).SaveX(ctx).ID,
			client.Job.Create().SetAction(action).SetStatus(entjob.StatusDONE).SetStartedAt(old).SetEndedAt(stamp.Now()).SaveX(ctx).ID,
			client.Job.Create().SetAction(action).SetStatus(entjob.StatusERROR).SetEndedAt(stamp.Now()).SaveX(ctx).ID,
		}
		removed, err := job.Prune(ctx, client, limit)
		if err != nil || removed != 1200 {
			t.Errorf("%d jobs are removed: %v", removed, err)
		}
		if left := client.Job.Query().Where(entjob.IDIn(stays...)).CountX(ctx); left != 3 || client.Job.Query().CountX(ctx) != 3 {
			t.Errorf("%d of the jobs that stay are left", left)
		}
	})
}
