package api_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"cloudapi/internal/customer"
	"cloudapi/internal/pgtest"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// watched makes additions that tell how many were made together.
func watched(a *apitest.API) *executions {
	e := &executions{}
	a.Customers.Additions = customer.NewAdditions(a.Store.Driver(), a.Customers.Jobs, e.note)
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

// hold keeps every addition from being made until it is let go.
func hold(t *testing.T, a *apitest.API) (letGo func()) {
	t.Helper()
	if a.Store.Dialect() != "postgres" {
		tx, err := a.Client.Tx(context.WithoutCancel(t.Context())) // the one writer
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

// inOneBatch sends requests one after the other while the database is held, so
// that all but the first are made in one execution, and returns their answers.
func inOneBatch(t *testing.T, a *apitest.API, requests []request) []apitest.Answer {
	t.Helper()
	letGo := hold(t, a)
	answers := make([]apitest.Answer, len(requests))
	var all sync.WaitGroup
	for i, r := range requests {
		all.Go(func() { answers[i] = r.send(t, a) })
		for a.Customers.Additions.Present() < i+1 {
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
	ctx             context.Context // nil for the test's
	hangUp          func()          // called while it waits
}

const addition = `mutation($in: AddCapacityAvailableInput!) { addCapacityAvailable(input: $in) {
	capacityUnit { id amount name } customer { id name version } job { id status action userLogin parameters startedAt endedAt } } }`

func (r request) send(t *testing.T, a *apitest.API) apitest.Answer {
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

// separate is an API without shared commits on a database of its own.
func separate(t *testing.T, a *apitest.API) *apitest.API {
	url := "sqlite://" + t.TempDir() + "/separate.db"
	if a.Store.Dialect() == "postgres" {
		url = pgtest.URL(t)
	}
	return apitest.New(t, url, func(o *api.Options) { o.SeparateCommits = true })
}

// TestSharedAdditionsEqualSeparateOnes: in company each addition succeeds or
// fails as it does alone, and leaves the same.
func TestSharedAdditionsEqualSeparateOnes(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		executed, alone := watched(a), separate(t, a)
		var shared, single []apitest.Answer
		requests := func(on *apitest.API) []request {
			one, two := on.Customer(t, "one"), on.Customer(t, "two")
			gone := "00000000-0000-4000-8000-000000000000"
			return []request{
				{login: apitest.Operator, customer: one, amount: 1},
				{login: apitest.Operator, customer: one, amount: 2, more: `a"b\c <&> é`},
				{login: apitest.Administrator, customer: two, amount: 1<<53 - 1},
				{login: apitest.Operator, customer: gone, amount: 4},
				{login: apitest.Member, customer: one, amount: 5},
				{login: apitest.Administrator, customer: one, amount: 6, more: strings.Repeat("x", 256)},
				{login: apitest.Operator, customer: two, amount: 7},
				{login: apitest.Administrator, customer: one, amount: 8, more: strings.Repeat("é", 255)},
			}
		}
		shared = inOneBatch(t, a, requests(a))
		for _, r := range requests(alone) {
			single = append(single, r.send(t, alone))
		}
		for i := range shared {
			if got, want := plain(shared[i].Body), plain(single[i].Body); got != want || shared[i].Status != single[i].Status {
				t.Errorf("%d:\n%s\nalone:\n%s", i, got, want)
			}
		}
		if !slices.Equal(executed.seen[:2], []int{1, 7}) {
			t.Errorf("executed together: %v", executed.seen)
		}
		const left = `{ customers(orderBy: {field: NAME, direction: ASC}) { nodes { name capacityAvailable { amount name } } }
			jobs(where: {action: "addCapacityAvailable"}) { totalCount }
			done: jobs(where: {status: DONE}) { totalCount } failed: jobs(where: {status: ERROR}) { nodes { error userLogin parameters } } }`
		parts := func(on *apitest.API) []string {
			// Those that fail end in any order.
			return slices.Sorted(slices.Values(strings.FieldsFunc(plain(on.Query(apitest.Administrator, left, nil).Body),
				func(r rune) bool { return r == '{' || r == '}' || r == ',' })))
		}
		if difference := cmp.Diff(parts(alone), parts(a)); difference != "" {
			t.Errorf("left, - alone + shared:\n%s", difference)
		}
	})
}

var moment = regexp.MustCompile(`\d{4}-\d{2}-\d{2}T[0-9:.]+Z`)

// plain is a text without what differs each time: guids and times.
func plain(body string) string {
	body = guid.ReplaceAllString(body, "guid")
	return moment.ReplaceAllString(body, "time")
}

func TestSharedCommits(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		executed, id := watched(a), a.Customer(t, "c")
		requests := make([]request, clients)
		for i := range requests {
			requests[i] = request{login: apitest.Operator, customer: id, amount: int64(i + 1)}
		}
		for _, answer := range inOneBatch(t, a, requests) {
			if answer.Status != http.StatusOK || strings.Contains(answer.Body, "errors") {
				t.Errorf("%d %s", answer.Status, answer.Body)
			}
		}
		if !slices.Equal(executed.seen, []int{1, clients - 1}) {
			t.Errorf("executed together: %v", executed.seen)
		}
		if a.Store.Dialect() == "postgres" {
			if n := transactions(t, a); n != 2 {
				t.Errorf("%d transactions have added capacity, not 2", n)
			}
		}
		units := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { available } jobs(where: {status: DONE}) { totalCount } } }`,
			map[string]any{"id": id})
		if want := `{"capacityBalance":[{"available":528}],"jobs":{"totalCount":33}}`; !strings.Contains(units.Body, want) {
			t.Errorf("%s, want %s", units.Body, want)
		}
		times(t, a)
	})
}

// times looks at the jobs: each begins before it ends, and in the order of the
// units.
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

// transactions is how many transactions have written units.
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

// TestWhoHangsUpLeavesTheOthers: one that hangs up while it waits is not made,
// and leaves the job of what was given up; the others are made.
func TestWhoHangsUpLeavesTheOthers(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		watched(a)
		id := a.Customer(t, "c")
		ctx, hangUp := context.WithCancel(t.Context())
		answers := inOneBatch(t, a, []request{
			{login: apitest.Operator, customer: id, amount: 1},
			{login: apitest.Operator, customer: id, amount: 2},
			{login: apitest.Operator, customer: id, amount: 4, ctx: ctx, hangUp: hangUp},
			{login: apitest.Operator, customer: id, amount: 8},
		})
		if !strings.Contains(answers[2].Body, `"code":"TIMEOUT"`) {
			t.Errorf("who has hung up: %s", answers[2].Body)
		}
		after := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { available } }
			jobs(where: {status: ERROR}) { totalCount } }`, map[string]any{"id": id})
		if want := `{"customer":{"capacityBalance":[{"available":11}]},"jobs":{"totalCount":1}}`; !strings.Contains(after.Body, want) {
			t.Errorf("%s, want %s", after.Body, want)
		}
	})
}

// TestAHeldCustomerHoldsUpNobodyElse: while another transaction holds a customer,
// additions to others are made, and those to the customer when it is free.
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
	if !strings.Contains(units.Body, `"available":4`) {
		t.Errorf("%s", units.Body)
	}
}
