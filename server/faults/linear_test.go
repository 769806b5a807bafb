package faults

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// contenders is how many clients contend for the same objects. The search for
// an order grows quickly with them.
const contenders = 8

// register is one object, or a few that belong together, as porcupine sees it:
// what a client may ask of it, and what each answer means.
type register struct {
	name  string
	model porcupine.Model
	// ask makes one random request and returns what was asked and answered; an
	// answer that says nothing of the state ends the test.
	ask func(ctx context.Context, by contender) (input, output any, err error)
}

// contender is one client of a register.
type contender struct {
	*world
	base     string
	id       int
	rand     *rand.Rand
	customer string // of its own
	remember map[string]string
}

// TestTwoServersAreOne: clients of two servers on one PostgreSQL contend for
// the same objects. There is an order of all their requests, each between its
// question and its answer, that a single program taking one request at a time
// would have answered alike.
func TestTwoServersAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 2)
	for len(w.customers) < contenders {
		w.customers = append(w.customers, w.newCustomer(t))
	}
	for part, kind := range []func(*world, int) register{capacityRegister, domainRegister, versionRegister} {
		name := kind(w, 0).name
		t.Run(name, func(t *testing.T) {
			n, most := rounds(2, 40), 0
			for round := range n {
				history := w.history(t, kind(w, round), uint64(part*1000+round))
				most = max(most, len(history))
			}
			t.Logf("seed %d: %d histories of %d requests by %d clients have an order", *seed, n, most, contenders)
		})
	}
}

// history lets the clients contend, and fails the test when no order explains
// what they were told.
func (w *world) history(t *testing.T, r register, part uint64) []porcupine.Operation {
	t.Helper()
	const each = 30
	var (
		mu      sync.Mutex
		all     []porcupine.Operation
		clients sync.WaitGroup
		begun   = time.Now()
	)
	for id := range contenders {
		by := contender{
			world: w, base: w.bases[id%len(w.bases)], id: id, rand: source(part<<8 + uint64(id)),
			customer: w.customers[id], remember: map[string]string{},
		}
		clients.Go(func() {
			for range each {
				call := time.Since(begun)
				input, output, err := r.ask(t.Context(), by)
				end := time.Since(begun)
				if err != nil {
					t.Errorf("%+v: %v", input, err)
					return
				}
				mu.Lock()
				all = append(all, porcupine.Operation{
					ClientId: id, Input: input, Output: output, Call: call.Nanoseconds(), Return: end.Nanoseconds(),
				})
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	if found := porcupine.CheckOperationsTimeout(r.model, all, time.Minute); found != porcupine.Ok {
		t.Errorf("seed %d: %s: the history has no order (%s)", *seed, r.name, found)
		for _, op := range all {
			t.Logf("%12d %12d  client %d: %+v -> %+v", op.Call, op.Return, op.ClientId, op.Input, op.Output)
		}
	}
	return all
}
