package store_test

import (
	"fmt"
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// TestChangeIsNotSentTwice: a statement ends its own session after it has called nextval, which no rollback undoes. The
// sequence's value shows how often the statement ran. Plain database/sql would run it three times.
func TestChangeIsNotSentTwice(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t)})
	mustExec(t, s, "CREATE SEQUENCE runs")
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	deadly := "SELECT nextval('runs') WHERE pg_terminate_backend(pg_backend_pid(), 0) IS NOT NULL"
	for i, query := range []string{
		"INSERT INTO things (n) " + deadly,
		"INSERT INTO things (n) " + deadly + " RETURNING n",
		"DO $$ BEGIN PERFORM nextval('runs'); PERFORM pg_terminate_backend(pg_backend_pid()); END $$",
	} {
		_, err := column[int64](t.Context(), s, query)
		if f := fault.As(store.Fault(err)); f.Code != fault.Unavailable {
			t.Errorf("%s: %v (%v)", query, f.Code, err)
		}
		want(t, s, []int64{int64(i + 1)}, "SELECT last_value FROM runs")
	}
}

// TestIdleConnectionsThatDiedAreNotNoticed restarts the server under a full pool: statements, including changes, detect the
// dead connections before they are sent.
func TestIdleConnectionsThatDiedAreNotNoticed(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	s := open(t, store.Options{URL: server.Database(t), MaxConns: 8})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	const insert = "INSERT INTO things (n) VALUES (?)"
	for i, mode := range []pgtest.Mode{pgtest.Fast, pgtest.Immediate, pgtest.Kill} {
		fill(t, s, 8, insert)
		if err := server.Restart(t.Context(), mode); err != nil {
			t.Fatal(err)
		}
		mustExec(t, s, insert, i)
		want(t, s, []int64{int64(i)}, "SELECT max(n) FROM things")
		want(t, s, []int64{int64(i + 1)}, "SELECT count(*) FROM things")
	}
}

// fill opens that many connections at once, prepares a change on each, and returns them to the pool.
func fill(t *testing.T, s *store.Store, n int, change string) {
	t.Helper()
	for range n {
		tx, err := s.Driver().Tx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		}()
		if err := tx.Exec(t.Context(), placeholders(s, change), []any{0}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSessionThatCannotWriteIsLeft simulates a primary that was made a standby without ending its sessions.
func TestSessionThatCannotWriteIsLeft(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	mustExec(t, s, "SET default_transaction_read_only = on")
	err := exec(t.Context(), s, "INSERT INTO things (n) VALUES (1)")
	if !fault.Is(store.Fault(err), fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
	mustExec(t, s, "INSERT INTO things (n) VALUES (1)")
}

// TestPrimaryIsFoundAgain promotes a standby after the primary has died. The URL has both, the standby first.
func TestPrimaryIsFoundAgain(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t, "one")
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable",
		standby.Port(), primary.Port())
	s := open(t, store.Options{URL: url})
	for _, query := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = 'one'",
		"SELECT pg_reload_conf()",
		"CREATE TABLE things (n bigint)",
		"INSERT INTO things (n) VALUES (1)",
	} {
		mustExec(t, s, query)
	}
	if err := primary.Stop(pgtest.Kill); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("without a primary: %v", err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the new primary to take changes", func() bool {
		return exec(t.Context(), s, "INSERT INTO things (n) VALUES (2)") == nil
	})
	want(t, s, []int64{1, 2}, "SELECT n FROM things ORDER BY n")
}
