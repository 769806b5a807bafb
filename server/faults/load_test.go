package faults

import (
	"context"
	"sync"
	"testing"
	"time"
)

// connections is how many clients make changes at the same time.
const connections = 32

// load is clients that make changes until they are stopped.
type load struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// load starts the clients, each with a connection of its own to one of the
// servers. The part tells this load's random choices from those of others of
// the test.
func (w *world) load(part uint64) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	w.t.Cleanup(l.stop)
	for i := range connections {
		random := source(part<<16 + uint64(i))
		m := &maker{rand: random, customers: w.customers}
		l.work.Go(func() {
			for ctx.Err() == nil {
				c := m.next()
				// The request ends by itself: what has been sent is heard to its end.
				a := c.send(context.Background(), w.client, w.bases[i%len(w.bases)])
				w.ledger.note(c, a)
				if !a.ok() {
					time.Sleep(time.Duration(5+random.IntN(20)) * time.Millisecond)
				}
			}
		})
	}
	return l
}

// stop lets each client end what it has begun.
func (l *load) stop() {
	l.cancel()
	l.work.Wait()
}

// during keeps a load on the servers while something is done.
func (w *world) during(t *testing.T, part uint64, do func()) {
	t.Helper()
	l := w.load(part)
	defer l.stop()
	w.await(t, connections)
	do()
}

// await returns when n more changes have been acknowledged.
func (w *world) await(t *testing.T, n int) {
	t.Helper()
	had := w.ledger.done()
	for end := time.Now().Add(time.Minute); w.ledger.done() < had+n; {
		if time.Now().After(end) {
			t.Fatalf("the load does not come through: %s", w.ledger)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
