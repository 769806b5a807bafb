package faults

import (
	"testing"
	"time"
)

// TestLostAnswersAreNotSentAgain: changes reach the database, and its answers
// do not come back. The server does not know what became of them, and says so.
func TestLostAnswersAreNotSentAgain(t *testing.T) {
	t.Parallel()
	db := onPostgres(t, nil)
	network := between(t, db)
	w := newWorld(t, db, 1, "--request-time", requestTime.String())
	w.ledger.expected = func(a answer) bool { return a.Err == nil && a.Took < inTime && tooLate(a) }
	n, slowest := rounds(1, 10), time.Duration(0)
	for round := range n {
		w.during(t, uint64(round+1), func() {
			network.mute()
			w.awaitFailures(t, connections)
			network.heal()
			slowest = max(slowest, w.back(t))
		})
	}
	w.settle(t)
	t.Logf("answers were lost %d times; served again after %v at most", n, slowest)
}

// TestCutConnectionsAreMadeAnew: every connection to the database is reset under
// load, again and again, with the last answers on it. Nothing is sent again that
// may have been done.
func TestCutConnectionsAreMadeAnew(t *testing.T) {
	t.Parallel()
	db := onPostgres(t, nil)
	network := between(t, db)
	w := newWorld(t, db, 1)
	w.ledger.expected = away
	n, random := rounds(10, 200), source(1)
	w.during(t, 1, func() {
		for range n {
			// What is under way is done, and its answer lost with its connection.
			network.mute()
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			network.heal()
			w.await(t, 10)
		}
		w.back(t)
	})
	w.settle(t)
	t.Logf("all connections were cut %d times", n)
}
