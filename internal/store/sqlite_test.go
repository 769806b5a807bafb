package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

func TestSQLiteWritersAndReadersAtOnce(t *testing.T) {
	path := "sqlite://" + filepath.Join(t.TempDir(), "test.db")
	// Two stores are like two processes to SQLite: their writers wait for each other.
	stores := []*store.Store{open(t, store.Options{URL: path}), open(t, store.Options{URL: path})}
	mustExec(t, stores[0], "CREATE TABLE things (writer bigint, n bigint)")
	const writers, changes = 32, 20
	var wg sync.WaitGroup
	for w := range writers {
		s := stores[w%2]
		wg.Go(func() {
			for n := range changes {
				if err := change(t.Context(), s, w, n); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
		wg.Go(func() {
			for range changes {
				if _, err := column[int64](t.Context(), s, "SELECT count(*) FROM things"); err != nil {
					t.Errorf("reader %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	want(t, stores[0], []int64{writers * changes}, "SELECT count(*) FROM things")
	want(t, stores[0], []string{"ok"}, "PRAGMA integrity_check")
}

// change reads before it writes. That would fail later if the transaction did not take the lock when it begins.
func change(ctx context.Context, s *store.Store, writer, n int) (err error) {
	tx, err := s.Driver().Tx(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if err := tx.Exec(ctx, "SELECT count(*) FROM things", []any{}, nil); err != nil {
		return err
	}
	if err := tx.Exec(ctx, "INSERT INTO things (writer, n) VALUES (?, ?)", []any{writer, n}, nil); err != nil {
		return err
	}
	return tx.Commit()
}

func TestSQLiteSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd name?#%.db")
	s := open(t, store.Options{URL: "sqlite://" + (&url.URL{Path: path}).EscapedPath()})
	want(t, s, []string{"wal"}, "PRAGMA journal_mode")
	want(t, s, []int64{2}, "PRAGMA synchronous")
	want(t, s, []int64{1}, "PRAGMA foreign_keys")
	want(t, s, []int64{10000}, "PRAGMA busy_timeout")
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// TestSQLiteReadersCannotWrite sends a change that looks like a query.
func TestSQLiteReadersCannotWrite(t *testing.T) {
	s := open(t, store.Options{URL: "sqlite://:memory:"})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	err := s.Rows(t.Context(), "SELECT 1; INSERT INTO things (n) VALUES (1)", nil,
		func(rows driver.Rows) error { return rows.Close() })
	if !fault.Is(store.Fault(err), fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
	want(t, s, []int64{0}, "SELECT count(*) FROM things")
}

func TestSQLiteWithoutRoom(t *testing.T) {
	s := open(t, store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "test.db")})
	mustExec(t, s, "CREATE TABLE things (text text)")
	mustExec(t, s, "INSERT INTO things (text) VALUES ('one')")
	if _, err := column[int64](t.Context(), s, "PRAGMA max_page_count = 10"); err != nil {
		t.Fatal(err)
	}
	err := exec(t.Context(), s, "INSERT INTO things (text) VALUES (?)", strings.Repeat("x", 1<<20))
	f := fault.As(store.Fault(err))
	if f.Code != fault.Unavailable || f.RetryAfter == 0 || !strings.Contains(f.Message, "room") {
		t.Errorf("ended with %v %q: %v", f.Code, f.Message, err)
	}
	want(t, s, []string{"one"}, "SELECT text FROM things")
	if _, err := column[int64](t.Context(), s, "PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	mustExec(t, s, "INSERT INTO things (text) VALUES (?)", strings.Repeat("x", 1<<20))
}

func TestSQLiteCancelledQueryEnds(t *testing.T) {
	s := open(t, store.Options{URL: "sqlite://:memory:"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := column[int64](ctx, s, `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)
			SELECT max(n) FROM c`)
		ended <- err
	}()
	await(t, "the query to run", func() bool { return s.Stats().Reader.InUse == 1 })
	cancel()
	if err := <-ended; !fault.Is(store.Fault(err), fault.Timeout) {
		t.Errorf("ended with %v", err)
	}
	want(t, s, []int64{1}, "SELECT 1")
}

func TestSQLiteFileThatCannotBeOpened(t *testing.T) {
	_, err := store.Open(t.Context(), store.Options{URL: "sqlite:///no/such/directory/test.db"})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
}
