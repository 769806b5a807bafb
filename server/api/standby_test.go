package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// replicated is a primary with a standby, and servers that read from both.
type replicated struct {
	primary, standby *pgtest.Server
	servers          map[string]*apitest.API
}

func newReplicated(t *testing.T) *replicated {
	t.Helper()
	primary := pgtest.Start(t, pgtest.Options{})
	r := &replicated{primary: primary, standby: primary.Standby(t, "one")}
	on := store.Options{
		URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable",
			primary.Port(), r.standby.Port()),
		ReadURL: r.standby.URL("postgres"),
	}
	r.servers = map[string]*apitest.API{"a server": apitest.OpenOn(t, on)}
	apitest.People(t, r.servers["a server"])
	r.servers["another"] = apitest.OpenOn(t, on)
	r.servers["one without fast reads"] = apitest.OpenOn(t, on, func(o *api.Options) { o.OrdinaryReads = true })
	return r
}

// reads are the ways to read a customer's name.
var reads = map[string]func(a *apitest.API, id string) apitest.Answer{
	"a query": func(a *apitest.API, id string) apitest.Answer {
		return a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { name domains(first: 3) { nodes { name } } } }`,
			map[string]any{"id": id})
	},
	"a query of several statements": func(a *apitest.API, id string) apitest.Answer {
		return a.Query(apitest.Operator, `query($id: ID!) { node(id: $id) { ... on Customer { name cloudSpaces { totalCount } } }
			jobs(first: 1) { nodes { customer { name } } } }`, map[string]any{"id": id})
	},
	"getYAML": func(a *apitest.API, id string) apitest.Answer {
		return a.Get(apitest.Operator, "cloud_api_customer/getYAML?customerguid="+id)
	},
	"list": func(a *apitest.API, _ string) apitest.Answer {
		return a.Get(apitest.Operator, "cloud_api_customer/list")
	},
}

// writes are the ways to rename a customer.
var writes = map[string]func(a *apitest.API, id, name string) apitest.Answer{
	"a mutation": func(a *apitest.API, id, name string) apitest.Answer {
		return a.Query(apitest.Operator, `mutation($id: ID!, $name: String!) {
			updateCustomer(input: {customerId: $id, name: $name}) { customer { name } } }`, map[string]any{"id": id, "name": name})
	},
	"an old URL": func(a *apitest.API, id, name string) apitest.Answer {
		return a.Get(apitest.Operator, "cloud_api_customer/updateModelProperties?customerguid="+id+"&name="+name)
	},
}

// TestReadYourWrites pauses the standby's replay and changes a customer in every way through every server: each read through
// any server shows the change. When the standby has it, the standby answers.
func TestReadYourWrites(t *testing.T) {
	r := newReplicated(t)
	id, n := r.servers["a server"].Customer(t, "before"), 0
	for by, write := range writes {
		for through, writer := range r.servers {
			n++
			name := fmt.Sprint("name-", n)
			r.awaitStandby(t, id)
			r.replay(t, "pause")
			if answer := write(writer, id, name); answer.Status != http.StatusOK || strings.Contains(answer.Body, "errors") {
				t.Fatalf("%s through %s: %d %s", by, through, answer.Status, answer.Body)
			}
			r.everyReadShows(t, id, name, by+" through "+through)
			r.replay(t, "resume")
		}
	}
	r.awaitStandby(t, id)
	r.everyReadShows(t, id, fmt.Sprint("name-", n), "the end")
}

// TestMutationsStayWithThePrimary makes a change that reads before and after its transaction, while the standby could
// answer.
func TestMutationsStayWithThePrimary(t *testing.T) {
	r := newReplicated(t)
	id := r.servers["a server"].Customer(t, "c")
	r.awaitStandby(t, id)
	for through, a := range r.servers {
		before := a.Store.Stats().Standby
		answer := a.Query(apitest.Operator, `mutation($id: ID!, $domain: String!, $secret: Secret!) {
			registerDomain(input: {customerId: $id, username: "portal", password: $secret, domain: $domain}) {
				customer { domains { nodes { name customer { name } } } } } }`,
			map[string]any{"id": id, "domain": strings.ReplaceAll(through, " ", "-") + ".example", "secret": apitest.PortalSecret})
		if strings.Contains(answer.Body, "errors") {
			t.Errorf("%s: %s", through, answer.Body)
		}
		if after := a.Store.Stats().Standby; after != before {
			t.Errorf("%s has asked the standby %d times", through, after-before)
		}
	}
}

// TestPromotion kills the primary: the running servers find the promoted standby, which has everything that was acknowledged
// and replicated.
func TestPromotion(t *testing.T) {
	r := newReplicated(t)
	id := r.servers["a server"].Customer(t, "before")
	r.awaitStandby(t, id)
	if err := r.primary.Stop(pgtest.Kill); err != nil {
		t.Fatal(err)
	}
	for through, a := range r.servers {
		for by, read := range reads {
			if answer := read(a, id); !strings.Contains(answer.Body, "UNAVAILABLE") && answer.Status != http.StatusServiceUnavailable {
				t.Errorf("without a primary, %s through %s: %d %s", by, through, answer.Status, answer.Body)
			}
		}
	}
	if err := r.standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	for through, a := range r.servers {
		await(t, through+" to find the new primary", func() bool {
			return strings.Contains(writes["a mutation"](a, id, "after").Body, `"name":"after"`)
		})
	}
	r.everyReadShows(t, id, "after", "the promotion")
}

func (r *replicated) everyReadShows(t *testing.T, id, name, after string) {
	t.Helper()
	for through, a := range r.servers {
		for by, read := range reads {
			if answer := read(a, id); answer.Status != http.StatusOK || !strings.Contains(answer.Body, name) {
				t.Errorf("after %s, %s through %s: %d %s", after, by, through, answer.Status, answer.Body)
			}
		}
	}
}

// awaitStandby waits until each read of each server runs on the standby.
func (r *replicated) awaitStandby(t *testing.T, id string) {
	t.Helper()
	for through, a := range r.servers {
		for by, read := range reads {
			await(t, "the standby to answer "+by+" through "+through, func() bool {
				before := a.Store.Stats()
				read(a, id)
				after := a.Store.Stats()
				return after.Standby > before.Standby && after.Primary == before.Primary
			})
		}
	}
}

func (r *replicated) replay(t *testing.T, what string) {
	t.Helper()
	if err := r.standby.Exec(t.Context(), "postgres", "SELECT pg_wal_replay_"+what+"()"); err != nil {
		t.Fatal(err)
	}
}

// await polls for a state of another process, for up to half a minute.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
