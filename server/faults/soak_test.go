package faults

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// usage is the resources of a server. Garbage is not compared exactly, only bounded.
type usage struct {
	Goroutines, Files, Connections, Memory float64
}

// used reads the resources of a server; the connections are counted in the database.
func (w *world) used(t *testing.T) usage {
	t.Helper()
	var u usage
	for name, into := range map[string]*float64{
		"go_goroutines": &u.Goroutines, "process_open_fds": &u.Files, "process_resident_memory_bytes": &u.Memory,
	} {
		n, err := w.client.metric(t.Context(), w.bases[0], name)
		if err != nil {
			t.Fatal(err)
		}
		*into = n
	}
	if w.db.postgres != nil {
		u.Connections = float64(w.db.count(t, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cloudapi'`))
	}
	return u
}

func (u usage) String() string {
	return fmt.Sprintf("%.0f goroutines, %.0f files, %.0f connections, %.0f MB", u.Goroutines, u.Files, u.Connections, u.Memory/1e6)
}

// The tolerance for an idle server: one connection more or less, and memory in caches or not yet collected.
const (
	slack       = 6
	slackMemory = 150e6
)

// TestServerRestsAsBefore: after mixed load, with clients that disconnect and many kinds of invalid requests, the server
// uses the same resources as before.
func TestServerRestsAsBefore(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database) {
		w := newWorld(t, db, 1)
		d := cmp.Or(*soak, duration(3*time.Second, time.Minute))
		w.burst(t, 1, d/4) // fills caches and pools
		before := w.rest(t, usage{})
		w.burst(t, 2, d)
		after := w.rest(t, before)
		w.settle(t)
		if !after.within(before) {
			t.Errorf("it held %v, and after %v of load %v", before, d, after)
		}
		t.Logf("after %v: %v; after %v more: %v", d/4, before, d, after)
	})
}

// burst generates mixed load for a time.
func (w *world) burst(t *testing.T, part uint64, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var others sync.WaitGroup
	for i := range 8 {
		random := source(part<<32 + uint64(i))
		m := &maker{rand: random, customers: w.customers}
		others.Go(func() {
			for ctx.Err() == nil {
				w.hangUp(m)
				w.badRequest(random)
				// More of them would leave no capacity for the load.
				time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond)
			}
		})
	}
	w.during(t, part, func() { <-ctx.Done() })
	others.Wait()
}

// hangUp makes a change and disconnects before the answer.
func (w *world) hangUp(m *maker) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(m.rand.IntN(3000))*time.Microsecond)
	defer cancel()
	c := m.next()
	w.ledger.note(c, c.send(ctx, w.client, w.bases[0]))
}

// badRequest sends bytes that are not HTTP, half a request, or a request that is rejected, and disconnects.
func (w *world) badRequest(random *rand.Rand) {
	host := strings.TrimPrefix(w.bases[0], "http://")
	c, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		return // the load will report it
	}
	defer c.Close()
	bad := []string{
		"\x16\x03\x01\x02\x00\x01\x00",
		"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 70_000) + "\r\n\r\n",
		"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{\"query\":\"{",
		"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3\r\nConnection: close\r\n\r\n{{{",
		"GET " + oldPrefix + "list?customerguid=%00 HTTP/1.0\r\nAuthorization: Basic x\r\n\r\n",
		"GET " + oldPrefix + "nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	}
	i := random.IntN(len(bad))
	if _, err := io.WriteString(c, bad[i]); err != nil || i%2 == 0 {
		return // without waiting for an answer
	}
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.Copy(io.Discard, c) // any answer
}

// within reports whether a server's resources are about the same as before.
func (u usage) within(before usage) bool {
	return u.Goroutines <= before.Goroutines+slack && u.Files <= before.Files+slack &&
		u.Connections <= before.Connections+slack && u.Memory <= before.Memory+slackMemory
}

// rest stops the clients, and waits until the server uses about the same resources as before, up to a time limit.
func (w *world) rest(t *testing.T, before usage) usage {
	t.Helper()
	w.client.http.CloseIdleConnections()
	most := 20 * time.Second
	for begun, last := time.Now(), (usage{}); ; {
		now := w.used(t)
		settled := before == usage{} && now.Goroutines == last.Goroutines && now.Files == last.Files
		back := before != usage{} && now.within(before)
		if settled || back || time.Since(begun) > most {
			return now
		}
		last = now
		time.Sleep(500 * time.Millisecond)
	}
}
