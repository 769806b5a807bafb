package faults

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// contenders is how many clients use the same objects. The search for an order grows quickly with their number.
const contenders = 8

// register is one object, or a few related ones, in porcupine's model: the possible requests, and the meaning of each
// answer.
type register struct {
	name  string
	model porcupine.Model
	// ask makes one random request and returns it with its answer. An answer that says nothing about the state ends the
	// test.
	ask func(ctx context.Context, by contender) (input, output any, err error)
}

// contender is one client of a register.
type contender struct {
	*world
	base     string
	id       int
	rand     *rand.Rand
	customer string // only this client uses it
	remember map[string]string
}

// TestTwoServersAreOne: clients of two servers on one PostgreSQL use the same objects concurrently. Some order of all
// requests, each between its start and its end, explains all answers: a single sequential program would have given the same
// (linearizability).
func TestTwoServersAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onPostgres(t, nil), 2)
	for len(w.customers) < contenders {
		w.customers = append(w.customers, w.newCustomer(t))
	}
	for part, kind := range []func(*world, int) register{capacityRegister, domainRegister, versionRegister} {
		name := kind(w, 0).name
		t.Run(name, func(t *testing.T) {
			n, most := repetitions(2, 40), 0
			for round := range n {
				history := w.history(t, kind(w, round), uint64(part*1000+round))
				most = max(most, len(history))
			}
			t.Logf("seed %d: %d histories of %d requests by %d clients have an order", *seed, n, most, contenders)
		})
	}
}

// history runs the clients, and fails the test if no order explains their answers.
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
