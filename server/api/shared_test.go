package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/groupcommit"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// watched returns an API whose committer reports how many changes were made together.
func watched(a *apitest.API) *executions {
	e := &executions{}
	a.Customers.Jobs.Commits = groupcommit.New(a.Store, groupcommit.Options{LockTimeout: time.Minute, Parallel: 1, Executed: e.note})
	return e
}

type executions struct {
	mu   sync.Mutex
	seen []int
}

func (e *executions) note(members int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, members)
}

// hold blocks every addition until the returned function is called.
func hold(t *testing.T, a *apitest.API) (letGo func()) {
	t.Helper()
	if a.Store.Dialect() != "postgres" {
		tx, err := a.Client.Tx(context.WithoutCancel(t.Context())) // SQLite's only writer
		if err != nil {
			t.Fatal(err)
		}
		return func() { _ = tx.Rollback() }
	}
	db, err := sql.Open("postgres", a.URL)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE capacity_units IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = tx.Rollback()
		_ = db.Close()
	}
}

// inOneBatch sends requests one after another while the database is blocked, so that all but the first are made in one
// execution, and returns their answers.
func inOneBatch(t *testing.T, a *apitest.API, requests []request) []apitest.Answer {
	t.Helper()
	letGo := hold(t, a)
	answers := make([]apitest.Answer, len(requests))
	var all sync.WaitGroup
	var answered atomic.Int32
	for i, r := range requests {
		all.Go(func() {
			answers[i] = r.send(t, a)
			answered.Add(1)
		})
		for a.Customers.Jobs.Commits.Present()+int(answered.Load()) < i+1 {
			runtime.Gosched()
		}
	}
	for _, r := range requests {
		if r.hangUp != nil {
			r.hangUp()
		}
	}
	letGo()
	all.Wait()
	return answers
}

// request adds capacity.
type request struct {
	login, customer string
	amount          int64
	more            string          // members of the input
	headers         []string        // pairs
	old             bool            // by the old URL
	ctx             context.Context // nil for the test's
	hangUp          func()          // called while it waits
}

const addition = `mutation($in: AddCapacityAvailableInput!) { addCapacityAvailable(input: $in) {
	capacityUnit { id amount name } customer { id name version } job { id status action userLogin parameters startedAt endedAt } } }`

func (r request) send(t *testing.T, a *apitest.API) apitest.Answer {
	if r.old {
		return a.Get(r.login, fmt.Sprintf("cloud_api_customer/addCapacityAvailable?customerguid=%s&amount=%d&capacityunittype=CU", r.customer, r.amount))
	}
	in := map[string]any{"customerId": r.customer, "amount": r.amount, "type": "CU", "name": r.more}
	body, _ := json.Marshal(map[string]any{"query": addition, "variables": map[string]any{"in": in}})
	sent := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(string(body)))
	sent.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(r.headers); i += 2 {
		sent.Header.Set(r.headers[i], r.headers[i+1])
	}
	ctx := r.ctx
	if ctx == nil {
		ctx = t.Context()
	}
	return a.Do(sent.WithContext(ctx), r.login)
}

func TestSharedCommits(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		executed, id := watched(a), a.Customer(t, "c")
		requests := make([]request, clients)
		for i := range requests {
			requests[i] = request{login: apitest.Operator, customer: id, amount: int64(i + 1), old: i%2 == 1}
		}
		for _, answer := range inOneBatch(t, a, requests) {
			if answer.Status != http.StatusOK || strings.Contains(answer.Body, "errors") {
				t.Errorf("%d %s", answer.Status, answer.Body)
			}
		}
		// The first is the creation of the customer.
		if !slices.Equal(executed.seen, []int{1, 1, clients - 1}) {
			t.Errorf("executed together: %v", executed.seen)
		}
		if a.Store.Dialect() == "postgres" {
			if n := transactions(t, a); n != 2 {
				t.Errorf("%d transactions have added capacity, not 2", n)
			}
		}
		units := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { available } jobs(where: {status: DONE}) { totalCount } } }`,
			map[string]any{"id": id})
		if want := `{"capacityBalance":[{"available":"528"}],"jobs":{"totalCount":33}}`; !strings.Contains(units.Body, want) {
			t.Errorf("%s, want %s", units.Body, want)
		}
		times(t, a)
	})
}

// times checks the jobs: each starts before it ends, and they are in the order of the units.
func times(t *testing.T, a *apitest.API) {
	t.Helper()
	answer := a.Query(apitest.Operator, `{ jobs(where: {action: "addCapacityAvailable"}, first: 100) { nodes { startedAt endedAt } } }`, nil)
	var all struct {
		Data struct {
			Jobs struct {
				Nodes []struct{ StartedAt, EndedAt time.Time }
			}
		}
	}
	if err := json.Unmarshal([]byte(answer.Body), &all); err != nil || len(all.Data.Jobs.Nodes) != clients {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	for _, j := range all.Data.Jobs.Nodes {
		if j.EndedAt.Before(j.StartedAt) {
			t.Errorf("a job ended before it began: %+v", j)
		}
	}
}

// transactions returns how many transactions have written units.
func transactions(t *testing.T, a *apitest.API) (n int) {
	t.Helper()
	db, err := sql.Open("postgres", a.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT count(DISTINCT xmin::text) FROM capacity_units").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWhoHangsUpLeavesTheOthers: a request that is cancelled while it waits, or while it is executed, is not made, and
// creates the job of a cancelled change; the others are made.
func TestWhoHangsUpLeavesTheOthers(t *testing.T) {
	for name, gone := range map[string]int{"while it waits": 2, "while it is made": 0} {
		t.Run(name, func(t *testing.T) {
			apitest.Each(t, func(t *testing.T, a *apitest.API) { hangUp(t, a, gone) })
		})
	}
}

func hangUp(t *testing.T, a *apitest.API, gone int) {
	watched(a)
	id := a.Customer(t, "c")
	requests := make([]request, 4)
	for i := range requests {
		requests[i] = request{login: apitest.Operator, customer: id, amount: 1 << i}
	}
	requests[gone].ctx, requests[gone].hangUp = context.WithCancel(t.Context())
	answers := inOneBatch(t, a, requests)
	if !strings.Contains(answers[gone].Body, `"code":"TIMEOUT"`) {
		t.Errorf("who has hung up: %s", answers[gone].Body)
	}
	after := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { available } }
		jobs(where: {status: ERROR}) { totalCount } }`, map[string]any{"id": id})
	if want := fmt.Sprintf(`{"customer":{"capacityBalance":[{"available":"%d"}]},"jobs":{"totalCount":1}}`, 15-(1<<gone)); !strings.Contains(after.Body, want) {
		t.Errorf("%s, want %s", after.Body, want)
	}
}

// TestAHeldCustomerHoldsUpNobodyElse: while another transaction locks a customer, additions to others are made, and those to
// the customer after it is unlocked.
func TestAHeldCustomerHoldsUpNobodyElse(t *testing.T) {
	a := apitest.New(t, pgtest.URL(t))
	held, other := a.Customer(t, "held"), a.Customer(t, "other")
	tx, err := a.Client.Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Customer.UpdateOneID(uuid.MustParse(held)).Exec(viewer.SystemContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var answered atomic.Int32
	for range 4 {
		all.Go(func() {
			answer := request{login: apitest.Operator, customer: held, amount: 1}.send(t, a)
			answered.Add(1)
			if strings.Contains(answer.Body, "errors") {
				t.Errorf("%s", answer.Body)
			}
		})
	}
	for range 4 {
		answer := request{login: apitest.Operator, customer: other, amount: 1}.send(t, a)
		if strings.Contains(answer.Body, "errors") {
			t.Errorf("%s", answer.Body)
		}
	}
	if n := answered.Load(); n != 0 {
		t.Errorf("%d additions were answered while the customer was held", n)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	units := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { available } } }`, map[string]any{"id": held})
	if !strings.Contains(units.Body, `"available":"4"`) {
		t.Errorf("%s", units.Body)
	}
}

// TestOneKeyAmongSharedAdditions: a key that is sent repeatedly while others share commits is applied once, and always gets
// the same answer.
func TestOneKeyAmongSharedAdditions(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id, on := a.Customer(t, "c"), servers(t, a)
		answers := together(func(i int) apitest.Answer {
			r := request{login: apitest.Operator, customer: id, amount: 1}
			if i%2 == 0 {
				r.amount, r.headers = 100, []string{"Idempotency-Key", "k"}
			}
			return r.send(t, on[i%len(on)])
		})
		for i, answer := range answers {
			if answer.Status != http.StatusOK || strings.Contains(answer.Body, `"errors"`) || i%2 == 0 && answer.Body != answers[0].Body {
				t.Errorf("%d: %d %s", i, answer.Status, answer.Body)
			}
		}
		units := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { available } } }`, map[string]any{"id": id})
		if want := `"available":"116"`; !strings.Contains(units.Body, want) {
			t.Errorf("%s, want %s", units.Body, want)
		}
	})
}
