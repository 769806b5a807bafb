package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/budget"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// bounded runs a test with a budget, on each database and each path of reads.
func bounded(t *testing.T, limits budget.Limits, test func(*testing.T, *apitest.API)) {
	postgres := pgtest.URL(t)
	for name, ordinary := range map[string]bool{"fast": false, "ordinary": true} {
		for kind, url := range map[string]string{"sqlite": "sqlite://" + t.TempDir() + "/test.db", "postgres": postgres} {
			if kind == "postgres" && ordinary {
				url = pgtest.URL(t)
			}
			t.Run(kind+" "+name, func(t *testing.T) {
				test(t, apitest.New(t, url, func(o *api.Options) { o.Budget, o.OrdinaryReads = limits, ordinary }))
			})
		}
	}
}

// units creates a customer with n units.
func units(t *testing.T, a *apitest.API, n int) string {
	t.Helper()
	id := a.Customer(t, "large")
	guid := uuid.MustParse(id)
	_, err := a.Client.CapacityUnit.MapCreateBulk(make([]struct{}, n), func(c *ent.CapacityUnitCreate, _ int) {
		c.SetCustomerID(guid).SetKind(capacityunit.KindAVAILABLE).SetType(capacityunit.TypeCU).SetAmount(1)
	}).Save(viewer.SystemContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestAnOperationHasABudget: on every path that produces objects or bytes, an operation that exceeds a limit ends with one
// error that names the limit.
func TestAnOperationHasABudget(t *testing.T) {
	bounded(t, budget.Limits{Objects: 50, Bytes: 8000}, func(t *testing.T, a *apitest.API) {
		id, few := units(t, a, 60), units(t, a, 40)
		for name, c := range map[string]struct{ query, limit string }{
			"fits":          {`query ($id: ID!) { customer(id: $id) { name capacityBalance { type available } } }`, ""},
			"a list":        {`query ($id: ID!) { customer(id: $id) { capacityAvailable { id } } }`, "objects"},
			"with its page": {`query ($id: ID!) { customers(where: {id: $id}) { pageInfo { endCursor } nodes { capacityAvailable { id } } } }`, "objects"},
			"a circle":      {`query ($id: ID!) { customer(id: $id) { capacityAvailable { customer { capacityAvailable { customer { id } } } } } }`, "objects"},
			"by nodes":      {`query ($id: ID!) { nodes(ids: [$id, $id]) { ... on Customer { capacityAvailable { id } } } }`, "objects"},
			"a document":    {`query ($id: ID!) { customer(id: $id) { serialized(format: XML) } }`, "answer"},
			"type names":    {`query ($few: ID!) { customer(id: $few) { ` + longNames() + ` } }`, "answer"},
			"the schema":    {`{ __schema { types { name description fields { name description } } } }`, "answer|objects"},
			"in a payload":  {`mutation ($id: ID!) { updateCustomer(input: {customerId: $id, city: "x"}) { customer { capacityAvailable { id } } job { id } } }`, "objects"},
			"in the second": {`mutation ($id: ID!) { a: updateCustomer(input: {customerId: $id, city: "y"}) { customer { id } } b: updateCustomer(input: {customerId: $id, city: "z"}) { customer { capacityAvailable { id } } } }`, "objects"},
		} {
			t.Run(name, func(t *testing.T) {
				got := a.Query(apitest.Operator, c.query, map[string]any{"id": id, "few": few})
				errs := gjson.Get(got.Body, "errors")
				limit := errs.Get("0.extensions.limit").String()
				if c.limit == "" && errs.Exists() || c.limit != "" && !strings.Contains("|"+c.limit+"|", "|"+limit+"|") {
					t.Fatalf("limit %q, want %q: %d %.500s", limit, c.limit, got.Status, got.Body)
				}
				if c.limit != "" && (len(errs.Array()) != 1 || gjson.Get(got.Body, "data").Raw != "null" || errs.Get("0.extensions.code").String() != string(fault.TooLarge)) {
					t.Errorf("it is not one error without data: %.500s", got.Body)
				}
			})
		}
	})
}

func longNames() string {
	var all strings.Builder
	for i := range 50 {
		fmt.Fprintf(&all, "%s%d: __typename ", strings.Repeat("a", 120), i)
	}
	return "capacityAvailable { " + all.String() + "}"
}

// TestACommittedChangeIsTold: if the answer to a change is too large, the error has the guids of what was committed; with an
// Idempotency-Key nothing was.
func TestACommittedChangeIsTold(t *testing.T) {
	bounded(t, budget.Limits{Objects: 50}, func(t *testing.T, a *apitest.API) {
		id := units(t, a, 60)
		const change = `mutation ($id: ID!, $city: String) { first: updateCustomer(input: {customerId: $id, city: $city}) { customer { capacityAvailable { id } } } }`
		city := func() string {
			return gjson.Get(a.Query(apitest.Operator, `query ($id: ID!) { customer(id: $id) { city } }`, map[string]any{"id": id}).Body, "data.customer.city").String()
		}
		got := a.Query(apitest.Operator, change, map[string]any{"id": id, "city": "Ghent"})
		committed := gjson.Get(got.Body, "errors.0.extensions.committed.0")
		if committed.Get("customerId").String() != id || committed.Get("field").String() != "first" || city() != "Ghent" {
			t.Errorf("%s, and the city is %q", got.Body, city())
		}
		job := a.Query(apitest.Operator, `query ($id: ID!) { job(id: $id) { status } }`, map[string]any{"id": committed.Get("jobId").String()})
		if gjson.Get(job.Body, "data.job.status").String() != "DONE" {
			t.Errorf("the job of %s: %s", committed, job.Body)
		}
		for range 2 {
			got = a.Query(apitest.Operator, change, map[string]any{"id": id, "city": "Liège"}, "Idempotency-Key", "k")
			if !strings.Contains(got.Body, `"limit":"objects"`) || strings.Contains(got.Body, "committed") || city() != "Ghent" {
				t.Errorf("under a key: %s, and the city is %q", got.Body, city())
			}
		}
	})
}

// TestAListHasABudgetForEachPage: a list of an old URL has no total limit; a page that is too large fails, or ends the list.
func TestAListHasABudgetForEachPage(t *testing.T) {
	bounded(t, budget.Limits{Objects: 600, Bytes: 50_000, Held: 2 << 20}, func(t *testing.T, a *apitest.API) {
		const n = 1700
		names := make([]string, n)
		ctx := viewer.SystemContext(t.Context())
		for i := 0; i < n; i += 100 {
			_, err := a.Client.Customer.MapCreateBulk(names[i:i+100], func(c *ent.CustomerCreate, _ int) { c.SetName("c").SetNameFold("c") }).Save(ctx)
			if err != nil {
				t.Fatal(err)
			}
		}
		if all, ok := a.Result(t, apitest.Operator, "cloud_api_customer/find").([]any); !ok || len(all) != n {
			t.Errorf("%d of %d customers", len(all), n)
		}
		got := a.Get(apitest.Operator, "cloud_api_customer/list")
		if got.Status != http.StatusRequestEntityTooLarge || !strings.Contains(got.Body, "50000 bytes") {
			t.Errorf("a page that is too large: %d %.300s", got.Status, got.Body)
		}
	})
}

// TestWhatWasCountedIsCharged: the cost of an operation is what it produced, also if it was estimated lower.
func TestWhatWasCountedIsCharged(t *testing.T) {
	bounded(t, budget.Limits{}, func(t *testing.T, a *apitest.API) {
		id := units(t, a, 300)
		got := a.Query(apitest.Operator, `query ($id: ID!) { customer(id: $id) { capacityAvailable { id } } }`, map[string]any{"id": id})
		cost := gjson.Get(got.Body, "extensions.cost")
		if actual, requested := cost.Get("actual").Int(), cost.Get("requested").Int(); actual < 300 || requested > 100 {
			t.Errorf("%s", cost)
		}
	})
}

// TestACallerHoldsSoMuch: the memory of all requests of one caller is limited, and other callers are not affected.
func TestACallerHoldsSoMuch(t *testing.T) {
	bounded(t, budget.Limits{Held: 1 << 20}, func(t *testing.T, a *apitest.API) {
		body := &stalled{sent: strings.Repeat(" ", 250_000), arrived: make(chan struct{}), release: make(chan struct{})}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			a.Do(r, apitest.Operator)
		}()
		<-body.arrived
		large := `{"query":"{ __typename }","operationName":"` + strings.Repeat("x", 120_000) + `"}`
		send := func(login string) apitest.Answer {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", strings.NewReader(large))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			return a.Do(r, login)
		}
		if got := send(apitest.Operator); got.Status != http.StatusTooManyRequests || !strings.Contains(got.Body, `"limit":"memory"`) || got.Header.Get("Retry-After") == "" {
			t.Errorf("the same caller: %d %.300s", got.Status, got.Body)
		}
		if got := send(apitest.Member); strings.Contains(got.Body, `"limit":"memory"`) {
			t.Errorf("another caller: %d %.300s", got.Status, got.Body)
		}
		close(body.release)
		<-ended
		if got := send(apitest.Operator); strings.Contains(got.Body, `"limit":"memory"`) {
			t.Errorf("after the other request: %d %.300s", got.Status, got.Body)
		}
	})
}

// stalled is a body that never ends.
type stalled struct {
	sent             string
	arrived, release chan struct{}
}

func (s *stalled) Read(p []byte) (int, error) {
	if s.sent == "" {
		if s.arrived != nil {
			close(s.arrived)
			s.arrived = nil
		}
		<-s.release
		return 0, context.Canceled
	}
	n := copy(p, s.sent)
	s.sent = s.sent[n:]
	return n, nil
}

// TestTheEndOfItsTimeEndsAnOperation: an operation ends at its time limit, also if its rows are already in memory.
func TestTheEndOfItsTimeEndsAnOperation(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) {
		o.OrdinaryReads, o.RequestTime = true, 100*time.Millisecond
		o.Budget = budget.Limits{Objects: 1 << 40, Bytes: 1 << 40, Held: 1 << 40}
	})
	id := units(t, a, 60)
	circle := strings.Repeat("capacityAvailable { customer { ", 5) + "id" + strings.Repeat(" } }", 5)
	got := a.Query(apitest.Operator, `query ($id: ID!) { customer(id: $id) { `+circle+` } }`, map[string]any{"id": id})
	if code := gjson.Get(got.Body, "errors.0.extensions.code").String(); code != string(fault.Timeout) {
		t.Errorf("%d %.300s", got.Status, got.Body)
	}
}
