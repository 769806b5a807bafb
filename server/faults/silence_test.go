package faults

import (
	"testing"
	"time"
)

// The time limit of requests in these tests, and the maximum time of an answer. A server answers within a second after the
// limit; the rest is for a busy machine, but below the 10 s after which PostgreSQL itself ends statements that wait for a
// lock.
const (
	requestTime = time.Second
	inTime      = requestTime + 8*time.Second
)

// TestFrozenDatabaseKeepsNobodyWaiting: all processes of PostgreSQL are stopped with SIGSTOP under load. Its sockets stay
// open and silent.
func TestFrozenDatabaseKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 1, "--request-time", requestTime.String())
	w.ledger.expected = func(a answer) bool { return a.Err == nil && a.Took < inTime && tooLate(a) }
	n, slowest := repetitions(1, 10), time.Duration(0)
	for round := range n {
		w.during(t, uint64(round+1), func() {
			if err := w.db.postgres.Freeze(); err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			if w.servers[0].ready() || time.Since(begun) > inTime {
				t.Errorf("asked whether it is ready the server says so, or nothing for %v", time.Since(begun))
			}
			w.awaitFailures(t, connections)
			if err := w.db.postgres.Thaw(); err != nil {
				t.Fatal(err)
			}
			slowest = max(slowest, w.back(t))
		})
	}
	w.settle(t)
	t.Logf("frozen %d times; requests may take %v; served again after %v at most", n, requestTime, slowest)
}

// tooLate accepts an answer that reports an unavailable database or a timeout.
func tooLate(a answer) bool {
	return away(a) || a.Status == 504 || a.Status == 200 && a.Code == "TIMEOUT"
}
