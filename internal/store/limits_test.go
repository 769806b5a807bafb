package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

func TestPostgresLimitsHold(t *testing.T) {
	url := pgtest.URL(t)
	s := open(t, store.Options{URL: url, QueryTimeout: 300 * time.Millisecond, LockTimeout: 50 * time.Millisecond})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	t.Run("a statement that takes too long", func(t *testing.T) {
		if err := exec(t.Context(), s, "SELECT 1 FROM pg_sleep(600)"); !fault.Is(store.Fault(err), fault.Timeout) {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("a lock that is held", func(t *testing.T) {
		other := open(t, store.Options{URL: url})
		tx, err := other.Driver().Tx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Exec(t.Context(), "LOCK TABLE things", []any{}, nil); err != nil {
			t.Fatal(err)
		}
		if err := exec(t.Context(), s, "INSERT INTO things (n) VALUES (1)"); !fault.Is(store.Fault(err), fault.Timeout) {
			t.Errorf("ended with %v", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		mustExec(t, s, "INSERT INTO things (n) VALUES (1)")
	})
	t.Run("a number that is too large", func(t *testing.T) {
		err := exec(t.Context(), s, "UPDATE things SET n = 9223372036854775807 + n")
		if !fault.Is(store.Fault(err), fault.Invalid) {
			t.Errorf("ended with %v", err)
		}
	})
	t.Run("the URL knows better", func(t *testing.T) {
		patient := open(t, store.Options{URL: url + "&statement_timeout=600000", QueryTimeout: time.Millisecond})
		want(t, patient, []string{"10min"}, "SHOW statement_timeout")
	})
}

func TestPostgresWithoutRoomForAnotherConnection(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{
		"max_connections": "4", "superuser_reserved_connections": "0", "max_wal_senders": "0",
		"autovacuum": "off",
	}})
	s := open(t, store.Options{URL: server.URL("postgres"), MaxConns: 8})
	fill := func() {
		for range 4 {
			tx, err := s.Driver().Tx(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := s.Driver().Tx(ctx); !fault.Is(store.Fault(err), fault.Timeout) {
			t.Errorf("ended with %v", err)
		}
	}
	fill()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

// TestMoreOperationsThanConnections: there are more concurrent operations than connections of the server, and another store
// uses some of those; each operation waits for a connection.
func TestMoreOperationsThanConnections(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{
		"max_connections": "7", "superuser_reserved_connections": "1", "max_wal_senders": "0", "autovacuum": "off",
	}})
	url := server.URL("postgres")
	other := open(t, store.Options{URL: url})
	for range 4 {
		tx, err := other.Driver().Tx(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tx.Rollback() })
	}
	s := open(t, store.Options{URL: url, MaxConns: 40})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for range 80 {
		all.Go(func() {
			if err := exec(ctx, s, "SELECT pg_sleep(0.01)"); err != nil {
				t.Errorf("it has not waited: %v", err)
			}
		})
	}
	all.Wait()
}

func TestWrongCredentialsAreTheOperatorsMatter(t *testing.T) {
	url := pgtest.URL(t)
	s := open(t, store.Options{URL: strings.Replace(url, "postgres@", "nobody_at_all@", 1)})
	if err := s.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
}
