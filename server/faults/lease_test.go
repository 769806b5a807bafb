package faults

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// lease is how long a job stays leased to a dead server, plus the time to detect that.
const lease = 30*time.Second + 15*time.Second

// TestJobOutlivesItsServer: a background job is calling the portal when its server is killed. Another replica runs it when
// the lease has expired; on SQLite the restarted server does. The portal gets the same job id.
func TestJobOutlivesItsServer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database) {
		w := newWorld(t, db, 1)
		n := repetitions(1, 3)
		for range n {
			w.orphan(t)
		}
		t.Logf("killed %d times while the portal was being asked", n)
	})
}

// orphan kills the server in the middle of a job, and waits for the job's end.
func (w *world) orphan(t *testing.T) {
	t.Helper()
	domain := "j" + strings.ToLower(rand.Text()) + ".example"
	asked := w.portal.holdFirst(domain)
	begun := w.beginJob(t, domain)
	select {
	case <-asked:
	case <-time.After(startTime):
		t.Fatal("the portal is not asked")
	}
	heir := w.servers[0]
	if w.db.postgres != nil {
		heir = serve(t, "--database-url", w.db.URL, "--portal-url", w.portal.URL)
		w.servers[0].kill()
		w.servers[0], w.bases[0] = heir, heir.URL
	} else {
		heir.kill()
		heir.again()
	}
	if !*long {
		// However slow the machine is, the lease lasts until the test ends it.
		w.exec(t, "UPDATE jobs SET lease_until = '2099-01-01 00:00:00+00:00' WHERE id = '"+begun+"'")
	}
	// The other server looks for jobs, oldest first, and skips leased ones.
	for range 2 {
		w.awaitJob(t, w.beginJob(t, "j"+strings.ToLower(rand.Text())+".example"))
	}
	if calls := w.portal.calls(domain); len(calls) != 1 {
		t.Errorf("before the lease is over the portal was asked %d times", len(calls))
	}
	if !*long {
		w.exec(t, "UPDATE jobs SET lease_until = '2001-01-01 00:00:00+00:00' WHERE status = 'RUNNING'")
	}
	w.awaitJob(t, begun)
	calls := w.portal.calls(domain)
	if len(calls) != 2 || calls[0] != calls[1] || calls[0].Job != begun || calls[0].Customer != w.customers[0] {
		t.Errorf("job %s: the portal was told %+v", begun, calls)
	}
	if held := w.db.contents(t); held.made[domain] != 1 || held.done[domain] != 1 {
		t.Errorf("%s is registered %d times, by %d jobs", domain, held.made[domain], held.done[domain])
	}
}

// beginJob registers a domain with wait: false, and returns the job's guid.
func (w *world) beginJob(t *testing.T, domain string) string {
	t.Helper()
	a := w.client.old(t.Context(), w.bases[0], "", "registerDomain", "customerguid", w.customers[0], "domain", domain,
		"username", portalUser, "password", portalPassword, "executionparams", `{"wait": false}`)
	if !a.ok() || gjson.Get(a.Body, "result").Type != gjson.Null {
		t.Fatalf("begin a job: %s", a)
	}
	return a.job()
}

// holdFirst makes the portal delay the first request for a domain until its client disconnects. The channel reports its
// arrival.
func (p *portal) holdFirst(domain string) (asked <-chan struct{}) {
	came := make(chan struct{})
	first := true
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = func(c portalCall, r *http.Request) {
		p.mu.Lock()
		hold := first && c.Domain == domain
		first = first && !hold
		p.mu.Unlock()
		if hold {
			close(came)
			<-r.Context().Done()
		}
	}
	return came
}

// awaitJob returns when a job has succeeded.
func (w *world) awaitJob(t *testing.T, guid string) {
	t.Helper()
	for end := time.Now().Add(lease); ; time.Sleep(50 * time.Millisecond) {
		a := w.client.query(t.Context(), w.bases[0], "", `query($id: ID!) { job(id: $id) { status error } }`, "id", guid)
		status := gjson.Get(a.Body, "data.job.status").String()
		if status == "DONE" {
			return
		}
		if status == "ERROR" || time.Now().After(end) {
			t.Fatalf("job %s does not end well: %s", guid, a)
		}
	}
}

// exec changes the database directly.
func (w *world) exec(t *testing.T, statement string) {
	t.Helper()
	db := w.db.open(t)
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
