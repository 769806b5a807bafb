package store_test

import (
	"fmt"
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

// TestAPromotedStandbyIsFound kills the primary and promotes the standby; the URLs contain both servers.
func TestAPromotedStandbyIsFound(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t, "one")
	s := open(t, store.Options{URL: eitherOf(primary, standby), ReadURL: standby.URL("postgres")})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	fromStandby := func() bool {
		_, from := things(t, store.AllowStandby(t.Context()), s)
		return from
	}
	await(t, "the standby to answer", fromStandby)
	promote(t, primary, standby)
	await(t, "the new primary to be found", func() bool {
		return exec(t.Context(), s, "INSERT INTO things (n) VALUES (1)") == nil
	})
	if found, _ := things(t, store.AllowStandby(t.Context()), s); len(found) != 1 {
		t.Errorf("a read finds %v", found)
	}
	await(t, "the promoted standby to answer as the read URL says", fromStandby)
}

// TestAStandbyWithAnotherHistoryIsNotRead: a standby was ahead of the one that was promoted. It has changes that were lost
// and lacks later ones, although its LSN is higher.
func TestAStandbyWithAnotherHistoryIsNotRead(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t, pgtest.Options{})
	promoted, left := primary.Standby(t, "promoted"), primary.Standby(t, "left")
	s := open(t, store.Options{URL: eitherOf(primary, promoted), ReadURL: left.URL("postgres")})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	await(t, "the standby to answer", func() bool {
		_, fromStandby := things(t, store.AllowStandby(t.Context()), s)
		return fromStandby
	})
	await(t, "the other standby to have the table", func() bool {
		return promoted.Exec(t.Context(), "postgres", "SELECT n FROM things") == nil
	})
	for _, statement := range []string{"ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()"} {
		if err := promoted.Exec(t.Context(), "postgres", statement); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the other standby to be cut off", func() bool {
		got, err := column[int64](t.Context(), s, "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'promoted'")
		return err == nil && got[0] == 0
	})
	mustExec(t, s, "INSERT INTO things SELECT generate_series(1000, 100000)")
	await(t, "the standby to have it", func() bool {
		found, fromStandby := things(t, store.AllowStandby(t.Context()), s)
		return fromStandby && len(found) > 1
	})
	ahead := s.Stats().Standbys[0].LSN
	promote(t, primary, promoted)
	await(t, "the new primary to be found", func() bool {
		return exec(t.Context(), s, "INSERT INTO things (n) VALUES (1)") == nil
	})
	for range 3 {
		found, fromStandby := things(t, store.AllowStandby(t.Context()), s)
		if len(found) != 1 || fromStandby {
			t.Errorf("a read finds %d rows, from the standby: %v", len(found), fromStandby)
		}
	}
	got, err := column[string](t.Context(), s, "SELECT pg_current_wal_lsn()::text")
	if err != nil {
		t.Fatal(err)
	}
	if now, err := store.ParseLSN(got[0]); err != nil || now >= ahead {
		t.Errorf("the new primary is at %v, and the standby was at %v: the test shows nothing", now, ahead)
	}
}

// TestAStandbyThatComesBackWithLessIsNotRead restores a standby from an older copy of its files between two queries of one
// operation.
func TestAStandbyThatComesBackWithLessIsNotRead(t *testing.T) {
	t.Parallel()
	r := newReplica(t)
	restore := r.standby.Snapshot(t)
	mustExec(t, r.store, "INSERT INTO things (n) VALUES (1)")
	r.caughtUp(t)
	ctx := store.AllowStandby(t.Context())
	if found, fromStandby := things(t, ctx, r.store); len(found) != 1 || !fromStandby {
		t.Fatalf("a read finds %v, from the standby: %v", found, fromStandby)
	}
	restore("primary_conninfo = ''")
	if found, _ := things(t, ctx, r.store); len(found) != 1 {
		t.Errorf("the operation goes on with %v", found)
	}
	if found, fromStandby := things(t, store.AllowStandby(t.Context()), r.store); len(found) != 1 || fromStandby {
		t.Errorf("the next finds %v, from the standby: %v", found, fromStandby)
	}
}

func promote(t *testing.T, primary, standby *pgtest.Server) {
	t.Helper()
	if err := primary.Stop(pgtest.Kill); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// eitherOf returns a URL with two servers, of which one is the primary.
func eitherOf(a, b *pgtest.Server) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable", a.Port(), b.Port())
}
