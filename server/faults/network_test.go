package faults

import (
	"testing"
	"time"
)

// TestLostAnswersAreNotSentAgain: changes reach the database, but its answers are lost. The server reports that their
// outcome is unknown.
func TestLostAnswersAreNotSentAgain(t *testing.T) {
	t.Parallel()
	db := onPostgres(t, nil)
	network := between(t, db)
	w := newWorld(t, db, 1, "--request-time", requestTime.String())
	w.ledger.expected = func(a answer) bool { return a.Err == nil && a.Took < inTime && tooLate(a) }
	n, slowest := repetitions(1, 10), time.Duration(0)
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

// TestCutConnectionsAreMadeAnew: all connections to the database are repeatedly reset under load, losing the last answers.
// Nothing is sent again that may have been executed.
func TestCutConnectionsAreMadeAnew(t *testing.T) {
	t.Parallel()
	db := onPostgres(t, nil)
	network := between(t, db)
	w := newWorld(t, db, 1)
	w.ledger.expected = away
	n, random := repetitions(10, 200), source(1)
	w.during(t, 1, func() {
		for range n {
			// Running statements are executed, and their answers are lost.
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
