package faults

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"cloudapi/internal/dev/pgtest"
)

// streamQuery subscribes to all changes.
const streamQuery = `{"query":"subscription { changes { cursor job { id } } }"}`

// streamTime is how long a subscriber may receive nothing while changes are left.
const streamTime = time.Minute

// follower is a subscriber that connects to any of the servers, disconnects, and resumes.
type follower struct {
	bases  []string
	random *rand.Rand
	mu     sync.Mutex
	last   string   // cursor of the last change
	seen   []string // guids of the jobs, in the order of their arrival
	drop   context.CancelFunc
}

// run follows until ctx ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		life, drop := context.WithCancel(ctx)
		f.mu.Lock()
		f.drop = drop
		base := f.bases[f.random.IntN(len(f.bases))]
		f.mu.Unlock()
		f.follow(life, base)
		drop()
		time.Sleep(20 * time.Millisecond)
	}
}

// follow reads one stream until it ends.
func (f *follower) follow(ctx context.Context, base string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/graphql", strings.NewReader(streamQuery))
	if err != nil {
		return
	}
	r.SetBasicAuth(login, password)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	if f.last != "" {
		r.Header.Set("Last-Event-ID", f.last)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if change := gjson.Get(data, "data.changes"); ok && change.Get("cursor").Exists() {
			f.mu.Lock()
			f.last = change.Get("cursor").String()
			f.seen = append(f.seen, change.Get("job.id").String())
			f.mu.Unlock()
		}
	}
}

// leave ends the current stream; the follower reconnects.
func (f *follower) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.drop != nil {
		f.drop()
	}
}

func (f *follower) jobs() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// TestStreamsLoseAndDoubleNothing: many writers, subscribers that reconnect, servers that are killed, a database that is
// restarted. Each subscriber gets exactly what was committed, in order.
func TestStreamsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database) {
		servers := 1
		if db.postgres != nil {
			servers = 2
		}
		w := newWorld(t, db, servers)
		w.ledger.expected = func(a answer) bool { return away(a) || a.Err != nil }
		w.writers = repetitions(connections, manyWriters)
		ctx, stop := context.WithCancel(t.Context())
		var work sync.WaitGroup
		followers := make([]*follower, repetitions(8, 50))
		for i := range followers {
			followers[i] = &follower{bases: w.bases, random: source(uint64(100 + i))}
			work.Go(func() { followers[i].run(ctx) })
		}
		defer work.Wait()
		defer stop()
		w.begin(t, followers)
		random := source(1)
		for round := range repetitions(2, 20) {
			w.during(t, uint64(round+1), func() {
				for range 4 {
					time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
					followers[random.IntN(len(followers))].leave()
				}
				server := w.servers[random.IntN(len(w.servers))]
				server.kill()
				server.again()
				if db.postgres != nil {
					w.stopDatabase(t, pgtest.Immediate, 200*time.Millisecond)
					w.back(t)
				}
			})
		}
		w.settle(t)
		for i, f := range followers {
			w.complete(t, i, f)
		}
	})
}

// begin makes changes until each follower has received one.
func (w *world) begin(t *testing.T, all []*follower) {
	t.Helper()
	for deadline := time.Now().Add(streamTime); ; time.Sleep(50 * time.Millisecond) {
		if !slices.ContainsFunc(all, func(f *follower) bool { return len(f.jobs()) == 0 }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no change arrives")
		}
		w.newCustomer(t)
	}
}

// complete compares what a follower received with what was committed since.
func (w *world) complete(t *testing.T, i int, f *follower) {
	t.Helper()
	var want []string
	w.db.rows(t, "SELECT CAST(id AS text) FROM jobs WHERE status = 'DONE' AND event_position IS NOT NULL ORDER BY event_position, id",
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			want = append(want, id)
			return err
		})
	want = want[max(0, slices.Index(want, f.jobs()[0])):]
	for had, deadline := 0, time.Now(); ; time.Sleep(50 * time.Millisecond) {
		got := f.jobs()
		if len(got) > had {
			had, deadline = len(got), time.Now().Add(streamTime)
		}
		if len(got) >= len(want) && got[len(got)-1] == want[len(want)-1] || time.Now().After(deadline) {
			if difference := firstDifference(got, want); difference != "" {
				t.Errorf("subscriber %d: %s", i, difference)
			}
			return
		}
	}
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("it has got %d changes of %d; they differ at %d", len(got), len(want), i)
		}
	}
	return ""
}
