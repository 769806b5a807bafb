package faults

import (
	"net/http"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
)

// backWithin is how soon a server must serve again after its database is back.
const backWithin = 10 * time.Second

// away accepts the answers that clients may get while the database is unavailable.
func away(a answer) bool {
	if a.Err != nil || a.RetryAfter == "" {
		return false
	}
	return a.Status == http.StatusServiceUnavailable || a.Status == http.StatusOK && a.Code == "UNAVAILABLE"
}

// TestStoppedDatabaseIsACleanError: PostgreSQL is stopped under load, in each of pg_ctl's modes, and started again.
func TestStoppedDatabaseIsACleanError(t *testing.T) {
	for part, mode := range []pgtest.Mode{pgtest.Immediate, pgtest.Fast, pgtest.Kill} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, onPostgres(t, nil), 1)
			w.ledger.expected = away
			n, random, slowest := repetitions(1, 15), source(uint64(part)), time.Duration(0)
			for round := range n {
				w.during(t, uint64(round+1), func() {
					w.stopDatabase(t, mode, time.Duration(200+random.IntN(1500))*time.Millisecond)
					slowest = max(slowest, w.back(t))
				})
			}
			w.settle(t)
			t.Logf("stopped %d times (%s); served again after %v at most", n, mode, slowest)
		})
	}
}

// stopDatabase stops PostgreSQL for a while.
func (w *world) stopDatabase(t *testing.T, mode pgtest.Mode, pause time.Duration) {
	t.Helper()
	if err := w.db.postgres.Stop(mode); err != nil {
		t.Fatal(err)
	}
	time.Sleep(pause)
	for _, s := range w.servers {
		if s.ready() {
			t.Error("a server says that it is ready while its database is stopped")
		}
	}
	if err := w.db.postgres.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// back waits until changes succeed again on each server, and returns how long it took.
func (w *world) back(t *testing.T) time.Duration {
	t.Helper()
	begun := time.Now()
	for _, s := range w.servers {
		s.awaitReady(backWithin)
	}
	w.await(t, 1)
	took := time.Since(begun)
	if took > backWithin {
		t.Errorf("served again after %v", took)
	}
	return took
}
