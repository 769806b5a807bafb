package faults

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// world is servers with their database, portal, clients and ledger.
type world struct {
	t         testing.TB
	db        *database
	portal    *portal
	servers   []*process
	bases     []string // addresses of the servers
	client    *client
	customers []string
	ledger    *ledger
	writers   int // clients that make changes concurrently
}

// newWorld starts n servers on a database, and creates some customers.
func newWorld(t testing.TB, db *database, n int, flags ...string) *world {
	t.Helper()
	return newWorldOf(t, db, binaryPath, n, flags...)
}

// newWorldOf is newWorld with another version of the program.
func newWorldOf(t testing.TB, db *database, binary string, n int, flags ...string) *world {
	t.Helper()
	w := &world{t: t, db: db, portal: newPortal(t), client: newClient(manyWriters + 8), ledger: &ledger{}, writers: connections}
	t.Cleanup(w.client.http.CloseIdleConnections)
	for range n {
		p := serveBinary(t, binary, append([]string{"--database-url", db.URL, "--portal-url", w.portal.URL}, flags...)...)
		w.servers = append(w.servers, p)
		w.bases = append(w.bases, p.URL)
	}
	for range 4 {
		w.customers = append(w.customers, w.newCustomer(t))
	}
	return w
}

// newCustomer creates a customer.
func (w *world) newCustomer(t testing.TB) string {
	t.Helper()
	// On a busy machine a request may take longer than a short --request-time.
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		a := w.client.old(t.Context(), w.bases[0], "", "create", "name", fmt.Sprintf("customer %d", len(w.customers)))
		if a.ok() {
			return gjson.Get(a.Body, "result").String()
		}
		if time.Now().After(end) {
			t.Fatalf("create a customer: %s", a)
		}
	}
}
