package store_test

import (
	"context"
	"database/sql"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

const whoAnswers = "SELECT pg_is_in_recovery()"

// replica is a primary with a standby, and a store that reads from the standby.
type replica struct {
	primary, standby *pgtest.Server
	store            *store.Store
}

func newReplica(t *testing.T) *replica {
	t.Helper()
	primary := pgtest.Start(t, pgtest.Options{})
	r := &replica{primary: primary, standby: primary.Standby(t, "one")}
	r.store = r.server(t)
	mustExec(t, r.store, "CREATE TABLE things (n bigint)")
	r.caughtUp(t)
	return r
}

// TestStandbys runs the tests that can share databases.
func TestStandbys(t *testing.T) {
	t.Parallel()
	r := newReplica(t)
	for name, test := range map[string]func(*testing.T, *replica){
		"everybody reads what is committed":    everybodyReadsWhatIsCommitted,
		"only allowed reads leave the primary": onlyAllowedReadsLeaveThePrimary,
		"an operation never goes back":         anOperationNeverGoesBack,
		"the primary answers for one away":     thePrimaryAnswersForOneThatIsAway,
		"a frozen one gives its queries up":    aFrozenOneGivesItsQueriesUp,
	} {
		t.Run(name, func(t *testing.T) {
			mustExec(t, r.store, "TRUNCATE things")
			r.caughtUp(t)
			test(t, r)
		})
	}
}

// server opens another store on the same databases.
func (r *replica) server(t *testing.T) *store.Store {
	t.Helper()
	return open(t, store.Options{URL: r.primary.URL("postgres"), ReadURL: r.standby.URL("postgres")})
}

// things returns what a new operation reads, and whether the standby answered.
func things(t *testing.T, ctx context.Context, s *store.Store) (found []int64, fromStandby bool) {
	t.Helper()
	before := s.Stats().Standby
	found, err := column[int64](ctx, s, "SELECT n FROM things ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	return found, s.Stats().Standby > before
}

// caughtUp waits until the standby answers.
func (r *replica) caughtUp(t *testing.T) {
	t.Helper()
	await(t, "the standby to answer", func() bool {
		_, fromStandby := things(t, store.AllowStandby(t.Context()), r.store)
		return fromStandby
	})
}

func (r *replica) replay(t *testing.T, what string) {
	t.Helper()
	if err := r.standby.Exec(t.Context(), "postgres", "SELECT pg_wal_replay_"+what+"()"); err != nil {
		t.Fatal(err)
	}
}

// everybodyReadsWhatIsCommitted pauses the replay: a read that begins after a commit sees it, whichever server wrote.
func everybodyReadsWhatIsCommitted(t *testing.T, r *replica) {
	other := r.server(t)
	for i, writer := range []*store.Store{r.store, other} {
		r.caughtUp(t)
		r.replay(t, "pause")
		mustExec(t, writer, "INSERT INTO things (n) VALUES (?)", i)
		for _, reader := range []*store.Store{r.store, other} {
			found, fromStandby := things(t, store.AllowStandby(t.Context()), reader)
			if len(found) != i+1 || fromStandby {
				t.Errorf("after %d changes a read finds %v, from the standby: %v", i+1, found, fromStandby)
			}
		}
		r.replay(t, "resume")
	}
	r.caughtUp(t)
	if found, _ := things(t, store.AllowStandby(t.Context()), r.store); len(found) != 2 {
		t.Errorf("the standby has %v", found)
	}
	if stats := r.store.Stats(); stats.Primary < 2 || stats.Standby < 2 || stats.LSNQueries == 0 || stats.Standbys[0].Refused < 2 {
		t.Errorf("counted: %+v", stats)
	}
}

func onlyAllowedReadsLeaveThePrimary(t *testing.T, r *replica) {
	want(t, r.store, []bool{false}, whoAnswers) // not allowed
	ctx := store.AllowStandby(t.Context())
	if err := exec(ctx, r.store, "INSERT INTO things (n) VALUES (1)"); err != nil {
		t.Errorf("a change: %v", err)
	}
	if _, err := column[int64](ctx, r.store, "INSERT INTO things (n) VALUES (2) RETURNING n"); err != nil {
		t.Errorf("a change that returns something: %v", err)
	}
	if _, err := column[int64](ctx, r.store, "SELECT n FROM things FOR UPDATE"); err != nil {
		t.Errorf("a query that locks: %v", err)
	}
	tx, err := r.store.Driver().Tx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Exec(ctx, "INSERT INTO things (n) VALUES (3)", []any{}, nil); err != nil {
		t.Errorf("a transaction: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Errorf("a commit: %v", err)
	}
}

// anOperationNeverGoesBack: the queries of one operation stay on the server of the first one, also while the standby falls
// behind.
func anOperationNeverGoesBack(t *testing.T, r *replica) {
	onStandby := store.AllowStandby(t.Context())
	if _, fromStandby := things(t, onStandby, r.store); !fromStandby {
		t.Fatal("the standby does not answer")
	}
	r.replay(t, "pause")
	mustExec(t, r.store, "INSERT INTO things (n) VALUES (1)")
	onPrimary := store.AllowStandby(t.Context())
	if found, _ := things(t, onPrimary, r.store); len(found) != 1 {
		t.Errorf("a new operation finds %v", found)
	}
	if found, fromStandby := things(t, onStandby, r.store); len(found) != 0 || !fromStandby {
		t.Errorf("the first operation finds %v, from the standby: %v", found, fromStandby)
	}
	if found, _ := things(t, store.ChooseStandbyAgain(onStandby), r.store); len(found) != 1 {
		t.Errorf("work shared with who came later finds %v", found)
	}
	r.replay(t, "resume")
	r.caughtUp(t)
	if _, fromStandby := things(t, store.ChooseStandbyAgain(t.Context()), r.store); fromStandby {
		t.Error("what was not allowed is allowed now")
	}
	if found, fromStandby := things(t, onPrimary, r.store); len(found) != 1 || fromStandby {
		t.Errorf("the second operation finds %v, from the standby: %v", found, fromStandby)
	}
}

func thePrimaryAnswersForOneThatIsAway(t *testing.T, r *replica) {
	ctx := store.AllowStandby(t.Context())
	if _, fromStandby := things(t, ctx, r.store); !fromStandby {
		t.Fatal("the standby does not answer")
	}
	if err := r.standby.Stop(pgtest.Immediate); err != nil {
		t.Fatal(err)
	}
	for _, ctx := range []context.Context{ctx, store.AllowStandby(t.Context()), store.AllowStandby(t.Context())} {
		got, err := column[bool](ctx, r.store, whoAnswers)
		if diff := cmp.Diff([]bool{false}, got); err != nil || diff != "" {
			t.Fatalf("stopped standby: %v, %v", got, err)
		}
	}
	if err := r.standby.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.caughtUp(t)
}

// aFrozenOneGivesItsQueriesUp: while the standby is frozen, the primary answers its queries, long before the caller's
// deadline. The test freezes the whole server, or only the process that answers health checks, so that the query itself can
// be cancelled.
func aFrozenOneGivesItsQueriesUp(t *testing.T, r *replica) {
	var stopped []int64
	freezeAsked := func() error {
		stopped = idleAsked(t, r.standby)
		return signalAll(stopped, syscall.SIGSTOP)
	}
	for name, c := range map[string]struct{ freeze, thaw func() error }{
		"the server":   {r.standby.Freeze, r.standby.Thaw},
		"the sessions": {freezeAsked, func() error { return signalAll(stopped, syscall.SIGCONT) }},
	} {
		t.Run(name, func(t *testing.T) {
			r.caughtUp(t)
			answers := make(chan string, 1)
			go func() {
				got, err := column[string](store.AllowStandby(t.Context()), r.store,
					"SELECT CASE WHEN pg_is_in_recovery() THEN (SELECT 'standby' FROM pg_sleep(600)) ELSE 'primary' END")
				if err != nil {
					got = []string{err.Error()}
				}
				answers <- got[0]
			}()
			await(t, "the query to run", func() bool { return r.store.Stats().Standbys[0].Pool.InUse == 1 })
			if err := c.freeze(); err != nil {
				t.Fatal(err)
			}
			select {
			case got := <-answers:
				if got != "primary" {
					t.Errorf("the answer is %q", got)
				}
			case <-time.After(20 * time.Second): // the statement timeout is 30 s
				t.Error("no answer")
			}
			if err := c.thaw(); err != nil {
				t.Fatal(err)
			}
			r.caughtUp(t)
		})
	}
}

// idleAsked returns the processes of a standby that last ran a health check.
func idleAsked(t *testing.T, standby *pgtest.Server) (pids []int64) {
	t.Helper()
	db, err := sql.Open("postgres", standby.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRowContext(t.Context(), `SELECT array_agg(pid) FROM pg_stat_activity
		WHERE state = 'idle' AND query LIKE '%pg_last_wal_replay_lsn%'`).Scan(pq.Array(&pids))
	if err != nil || len(pids) == 0 {
		t.Fatalf("who is asked: %v, %v", pids, err)
	}
	return pids
}

func signalAll(pids []int64, signal syscall.Signal) (err error) {
	for _, pid := range pids {
		err = errors.Join(err, syscall.Kill(int(pid), signal))
	}
	return err
}

func TestPositionsReadAsTheyAreWritten(t *testing.T) {
	for _, p := range []store.LSN{0, 1, 0x16_B374D848, 1 << 63} {
		got, err := store.ParseLSN(p.String())
		if err != nil || got != p {
			t.Errorf("%v becomes %v, %v", p, got, err)
		}
	}
	for _, text := range []string{"", "/", "1", "1/", "x/1", "1/123456789", "-1/1"} {
		if p, err := store.ParseLSN(text); err == nil {
			t.Errorf("%q is taken for %v", text, p)
		}
	}
}
