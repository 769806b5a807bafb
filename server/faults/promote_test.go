package faults

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
)

// TestPromotedStandbyHasEverything: the primary is killed under load, and its synchronous standby is promoted. The servers
// have both hosts in their URL and find the new primary themselves; no acknowledged change is lost.
func TestPromotedStandbyHasEverything(t *testing.T) {
	t.Parallel()
	for n := range repetitions(1, 5) {
		primary := pgtest.Start(t, pgtest.Options{})
		standby := primary.Standby(t, "one")
		for _, query := range []string{"ALTER SYSTEM SET synchronous_standby_names = 'one'", "SELECT pg_reload_conf()"} {
			if err := primary.Exec(t.Context(), "postgres", query); err != nil {
				t.Fatal(err)
			}
		}
		synchronous(t, primary)
		w := newWorld(t, &database{
			URL: hosts(t, primary, standby), postgres: primary, driver: "postgres", source: standby.URL("postgres"),
		}, 2, "--read-database-url", hosts(t, standby))
		w.ledger.expected = away
		var took time.Duration
		w.during(t, uint64(n+1), func() {
			time.Sleep(time.Duration(source(uint64(n)).IntN(500)) * time.Millisecond)
			if err := primary.Stop(pgtest.Kill); err != nil {
				t.Fatal(err)
			}
			if err := standby.Promote(t.Context()); err != nil {
				t.Fatal(err)
			}
			took = w.back(t)
		})
		w.settle(t)
		t.Logf("promoted under load; changes were made again after %v", took)
		for _, s := range w.servers {
			s.kill()
		}
	}
}

// hosts returns a URL with several servers, which selects the one that accepts changes.
func hosts(t *testing.T, servers ...*pgtest.Server) string {
	t.Helper()
	u, err := url.Parse(servers[0].URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("postgres://%s@127.0.0.1:%d", u.User, servers[0].Port())
	for _, s := range servers[1:] {
		text += fmt.Sprintf(",127.0.0.1:%d", s.Port())
	}
	text += u.Path + "?" + u.RawQuery
	if len(servers) > 1 {
		text += "&target_session_attrs=read-write"
	}
	return text
}

// synchronous waits until commits wait for the standby.
func synchronous(t *testing.T, primary *pgtest.Server) {
	t.Helper()
	db := &database{driver: "postgres", source: primary.URL("postgres")}
	for end := time.Now().Add(startTime); db.count(t, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 0; {
		if time.Now().After(end) {
			t.Fatal("the standby does not replicate synchronously")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
