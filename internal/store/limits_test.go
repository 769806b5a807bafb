package store_test

import (
	"strings"
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
	fillUntil := func() error {
		for range 8 {
			tx, err := s.Driver().Tx(t.Context())
			if err != nil {
				return err
			}
			defer func() {
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			}()
		}
		return nil
	}
	if err := fillUntil(); !fault.Is(store.Fault(err), fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}

func TestWrongCredentialsAreTheOperatorsMatter(t *testing.T) {
	url := pgtest.URL(t)
	s := open(t, store.Options{URL: strings.Replace(url, "postgres@", "nobody_at_all@", 1)})
	if err := s.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
}
