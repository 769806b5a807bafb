package faults

import (
	"context"
	"sync"
	"testing"
	"time"
)

// connections is how many clients make changes concurrently; manyWriters is how many do in the long test of streams.
const (
	connections = 32
	manyWriters = 200
)

// load is clients that make changes until they are stopped.
type load struct {
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// load starts the clients, each with a connection to one of the servers. part separates this load's random choices from
// others in the test.
func (w *world) load(part uint64) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	w.t.Cleanup(l.stop)
	for i := range w.writers {
		random := source(part<<16 + uint64(i))
		m := &maker{rand: random, customers: w.customers}
		l.work.Go(func() {
			for ctx.Err() == nil {
				a := w.step(m, w.bases[i%len(w.bases)])
				if !a.ok() {
					time.Sleep(time.Duration(20+random.IntN(80)) * time.Millisecond)
				}
			}
		})
	}
	return l
}

// someReads is a query of what the load changes.
const someReads = `{ customers(first: 5, orderBy: {field: NAME, direction: DESC}) {
	totalCount nodes { name status domains(first: 2) { nodes { name } } jobs(first: 2) { nodes { action } } } } }`

// step makes one change, or sometimes reads. It always waits for the end of the request.
func (w *world) step(m *maker, base string) answer {
	ctx := context.Background()
	if m.rand.IntN(8) == 0 {
		a := w.client.query(ctx, base, "", someReads)
		w.ledger.heard(a)
		return a
	}
	c := m.next()
	a := c.send(ctx, w.client, base)
	w.ledger.note(c, a)
	return a
}

// stop ends the clients after their current requests.
func (l *load) stop() {
	l.cancel()
	l.work.Wait()
}

// during runs do under load.
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

// awaitFailures returns when n more requests have failed, so that a fault lasts until the clients have received their
// errors.
func (w *world) awaitFailures(t *testing.T, n int) {
	t.Helper()
	had := w.ledger.failures()
	for end := time.Now().Add(time.Minute); w.ledger.failures() < had+n; {
		if time.Now().After(end) {
			t.Fatalf("requests do not end while the server is disturbed: %s", w.ledger)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
