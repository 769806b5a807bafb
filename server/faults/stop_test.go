package faults

import (
	"testing"
	"time"
)

// TestStoppedServerAnswersWhatWasSent: SIGTERM under load. The server first reports that it is not ready, still answers, and
// exits with success; every request sent before is answered.
func TestStoppedServerAnswersWhatWasSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database) {
		w := newWorld(t, db, 1, "--drain-time", "5s")
		server, n, random := w.servers[0], repetitions(2, 20), source(1)
		for round := range n {
			l := w.load(uint64(round + 1))
			w.await(t, connections)
			time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
			w.ledger.must(time.Now())
			server.terminate()
			for server.ready() {
				time.Sleep(time.Millisecond)
			}
			// Clients that have not noticed yet are served.
			if a := w.client.query(t.Context(), w.bases[0], "", someReads); !a.ok() {
				t.Errorf("not ready, and not yet stopped: %s", a)
			}
			if status := server.exit(time.Minute); status != 0 {
				t.Errorf("the server has ended with %d", status)
			}
			l.stop()
			server.again()
		}
		w.settle(t)
		t.Logf("stopped %d times in the middle of %d connections' changes", n, connections)
	})
}

// must checks that each request sent before a time was answered, and that every answer is a success. Later requests may fail
// to connect.
func (l *ledger) must(sentBefore time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected = func(a answer) bool { return a.Err != nil && a.Sent.After(sentBefore) }
}
