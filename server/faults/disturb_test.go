package faults

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"
)

// ourQueries selects the servers' queries in PostgreSQL that began before a time: statements, and idle transactions. It
// excludes background work, which waits for locked tables too: leasing jobs, reading events, removing old keys.
const ourQueries = ` FROM pg_stat_activity
	WHERE application_name = 'cloudapi' AND state <> 'idle' AND pid <> pg_backend_pid()
	AND coalesce(xact_start, query_start) < '%s' AND query !~ 'lease_until|event_|DELETE FROM .?idempotency_keys'`

// tables are the tables that the load's changes use.
var tables = [...]string{"customers", "jobs", "idempotency_keys", "capacity_units"}

// goneWithin is how soon after its client disconnects a query must have ended, on any machine. PostgreSQL itself ends
// statements that wait for a lock after 10 s, which would hide a query that was not cancelled.
const goneWithin = 8 * time.Second

// quiet waits until none of the servers' queries that began before is left, and returns how long it took.
func (w *world) quiet(t *testing.T) time.Duration {
	t.Helper()
	begun, left := time.Now(), ""
	w.db.rows(t, "SELECT clock_timestamp()::text", func(scan func(...any) error) error { return scan(&left) })
	left = fmt.Sprintf(ourQueries, left)
	for n := -1; n != 0; n = w.db.count(t, "SELECT count(*)"+left) {
		if time.Since(begun) > goneWithin {
			w.db.rows(t, "SELECT state, wait_event_type, query"+left, func(scan func(...any) error) error {
				var state, wait, query sql.NullString
				err := scan(&state, &wait, &query)
				t.Errorf("left behind: %s %s %.200s", state.String, wait.String, query.String)
				return err
			})
			t.Errorf("%d queries are left after %v", n, goneWithin)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return time.Since(begun)
}

// lock locks a table for everybody until it is released.
func (w *world) lock(t *testing.T, table string) (release func()) {
	t.Helper()
	db := w.db.open(t)
	tx, err := db.BeginTx(context.Background(), nil)
	if err == nil {
		_, err = tx.Exec("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE")
	}
	if err != nil {
		t.Fatalf("lock %s: %v", table, err)
	}
	release = sync.OnceFunc(func() {
		if err := tx.Rollback(); err != nil {
			t.Errorf("release %s: %v", table, err)
		}
		_ = db.Close()
	})
	t.Cleanup(release)
	return release
}

// TestLockedTableKeepsNobodyWaiting: another client locks the tables that changes use, one after another.
func TestLockedTableKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 1, "--request-time", requestTime.String())
	w.ledger.expected = func(a answer) bool {
		// A request that waits behind another one with the same key gets an error.
		return a.Err == nil && a.Took < inTime && tooLate(a)
	}
	n, quiet := repetitions(1, 10), time.Duration(0)
	for round := range n * 2 {
		w.during(t, uint64(round+1), func() {
			release := w.lock(t, tables[round%len(tables)])
			w.awaitFailures(t, connections/2)
			release()
			w.back(t)
		})
		quiet = max(quiet, w.quiet(t))
	}
	w.settle(t)
	t.Logf("locked %d times; no query left after %v", 2*n, quiet)
}

// TestExhaustedPoolMakesNobodyWaitForever: 32 clients share two connections; one table is locked and then unlocked.
func TestExhaustedPoolMakesNobodyWaitForever(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 1, "--request-time", requestTime.String(), "--max-conns", "2")
	w.ledger.expected = func(a answer) bool { return a.Err == nil && a.Took < inTime && tooLate(a) }
	n := repetitions(1, 10)
	for round := range n {
		w.during(t, uint64(round+1), func() {
			release := w.lock(t, "capacity_units")
			w.awaitFailures(t, connections/2)
			if most := w.db.count(t, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cloudapi'`); most > 3 {
				t.Errorf("%d connections, where 2 are allowed", most)
			}
			release()
			w.back(t)
		})
		w.quiet(t)
	}
	w.settle(t)
	t.Logf("exhausted %d times", n)
}

// TestTerminatedConnectionsAreMadeAnew: an administrator repeatedly ends all sessions.
func TestTerminatedConnectionsAreMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 1)
	w.ledger.expected = away
	n, ended := repetitions(10, 200), 0
	w.during(t, 1, func() {
		for range n {
			ended += w.db.count(t, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'cloudapi'`)
			w.await(t, 10)
		}
		w.back(t)
	})
	w.quiet(t)
	w.settle(t)
	t.Logf("ended %d sessions in %d times", ended, n)
}

// TestHangingUpLeavesNoQuery: clients disconnect during their requests, while one table after another is locked so that the
// requests take time.
func TestHangingUpLeavesNoQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 1)
	n, random, quiet := repetitions(4, 40), source(1), time.Duration(0)
	for round := range n {
		release := w.lock(t, tables[round%len(tables)])
		ctx, hangUp := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		m := &maker{rand: random, customers: w.customers}
		for i := range connections {
			c := m.next()
			clients.Go(func() {
				if i%4 == 0 {
					w.ledger.heard(w.client.query(ctx, w.bases[0], "", lockedReads, "id", c.customer))
					return
				}
				w.ledger.note(c, c.send(ctx, w.client, w.bases[0]))
			})
		}
		w.waiting(t)
		hangUp()
		clients.Wait()
		quiet = max(quiet, w.quiet(t))
		release()
		w.during(t, random.Uint64()>>32, func() {})
	}
	w.settle(t)
	t.Logf("%d clients hung up %d times; no query left after %v", connections, n, quiet)
}

// lockedReads is a query of the locked tables.
const lockedReads = `query($id: ID!) { customer(id: $id) { name capacityBalance { type remaining } } }`

// waiting returns when the servers' statements wait for a lock.
func (w *world) waiting(t *testing.T) {
	t.Helper()
	const blocked = `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cloudapi' AND wait_event_type = 'Lock'`
	for end := time.Now().Add(30 * time.Second); w.db.count(t, blocked) < 4; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no statement waits for the lock")
		}
	}
}
