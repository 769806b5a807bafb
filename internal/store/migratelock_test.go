package store_test

import (
	"database/sql"
	"testing"
	"testing/fstest"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

// TestMigrationsDoNotHoldUpWriters: a migration waits for a lock that a long transaction holds. Writers wait behind it only
// as long as one attempt. It succeeds when the transaction ends.
func TestMigrationsDoNotHoldUpWriters(t *testing.T) {
	url := pgtest.URL(t)
	s := open(t, store.Options{URL: url})
	files := fstest.MapFS{"postgres/1_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE first (id bigint);\n")}}
	if _, err := store.Migrate(t.Context(), s, files); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	long, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var count int
	if err := long.QueryRowContext(t.Context(), "SELECT count(*) FROM first").Scan(&count); err != nil {
		t.Fatal(err)
	}
	files["postgres/2_second.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nALTER TABLE first ADD COLUMN name text;\n")}
	files["postgres/3_third.sql"] = &fstest.MapFile{Data: []byte("-- +goose NO TRANSACTION\n-- +goose Up\nSET lock_timeout = 0;\n" +
		"DROP INDEX CONCURRENTLY IF EXISTS first_id;\nCREATE INDEX CONCURRENTLY first_id ON first (id);\nRESET lock_timeout;\n")}
	done := make(chan error, 1)
	go func() {
		_, err := store.Migrate(t.Context(), s, files)
		done <- err
	}()
	waiting(t, other)
	// The migration is waiting for the lock: this statement queues behind it.
	begun := time.Now()
	if _, err := other.ExecContext(t.Context(), "INSERT INTO first (id) VALUES (1)"); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("a writer has waited %v", took)
	}
	select {
	case err := <-done:
		t.Fatalf("the migration has ended before the transaction: %v", err)
	default:
	}
	if err := long.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := other.ExecContext(t.Context(), "INSERT INTO first (id, name) VALUES (2, 'two')"); err != nil {
		t.Error(err)
	}
}

// waiting returns when a migration waits for a lock.
func waiting(t *testing.T, db *sql.DB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var count int
		err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE first%'").Scan(&count)
		if err != nil {
			t.Fatal(err)
		}
		if count > 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the migration does not wait")
		}
	}
}
