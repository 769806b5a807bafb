package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"cloudapi/server/api/apitest"
)

const clients = 32

// together calls do from many clients at once and returns the answers.
func together(do func(i int) apitest.Answer) []apitest.Answer {
	answers := make([]apitest.Answer, clients)
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() { answers[i] = do(i) })
	}
	all.Wait()
	return answers
}

// servers returns the servers of a test: two on PostgreSQL, one on SQLite, which supports only one.
func servers(t *testing.T, a *apitest.API) []*apitest.API {
	if a.Store.Dialect() == "postgres" {
		return []*apitest.API{a, apitest.Open(t, a.URL)}
	}
	return []*apitest.API{a}
}

func TestOneKeyIsAppliedOnce(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id, on := a.Customer(t, "keyed"), servers(t, a)
		const add = `mutation($id: ID!) { addCapacityAvailable(input: {customerId: $id, amount: 7, type: CU}) {
			capacityUnit { id } customer { capacityBalance { available } domains { totalCount } cloudSpaces { totalCount } } job { id } } }`
		answers := together(func(i int) apitest.Answer {
			return on[i%len(on)].Query(apitest.Operator, add, map[string]any{"id": id}, "Idempotency-Key", "k1")
		})
		for _, answer := range answers {
			if answer.Body != answers[0].Body || !strings.Contains(answer.Body, `"available":"7"`) {
				t.Errorf("an answer differs: %d %s", answer.Status, answer.Body)
			}
		}
		if got := a.Result(t, apitest.Operator, "cloud_api_customer/listCapacity?customerguid="+id); strings.Count(fmt.Sprint(got), "amount:7") != 1 {
			t.Errorf("applied more than once: %v", got)
		}
		other := a.Query(apitest.Operator, add, map[string]any{"id": a.Customer(t, "another")}, "Idempotency-Key", "k1")
		if !strings.Contains(other.Body, "KEY_REUSED") {
			t.Errorf("the key of another request was taken: %s", other.Body)
		}
		own := a.Query(apitest.Administrator, add, map[string]any{"id": id}, "Idempotency-Key", "k1")
		if !strings.Contains(own.Body, `"available":"14"`) {
			t.Errorf("another user's key is not free: %s", own.Body)
		}
	})
}

func TestOneOwnerOfADomain(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		on := servers(t, a)
		ids := make([]string, clients)
		for i := range ids {
			ids[i] = a.Customer(t, fmt.Sprintf("customer %d", i))
		}
		won := 0
		for _, answer := range together(func(i int) apitest.Answer {
			return on[i%len(on)].Get(apitest.Operator, "cloud_api_customer/registerDomain?customerguid="+ids[i]+
				"&username=portal&password=portal+secret&domain=One.Example.")
		}) {
			switch answer.Status {
			case http.StatusOK:
				won++
			case http.StatusConflict:
			default:
				t.Errorf("neither registered nor a conflict: %d %s", answer.Status, answer.Body)
			}
		}
		if won != 1 {
			t.Errorf("%d customers have registered the domain, not 1", won)
		}
	})
}

// TestAddedCapacityIsExact: with shared commits and with separate ones.
func TestAddedCapacityIsExact(t *testing.T) {
	for name, separate := range map[string]bool{"shared": false, "separate": true} {
		t.Run(name, func(t *testing.T) {
			apitest.Each(t, func(t *testing.T, a *apitest.API) { sum(t, a, separate) })
		})
	}
}

func sum(t *testing.T, a *apitest.API, separate bool) {
	id, on := a.Customer(t, "summed"), servers(t, a)
	if separate {
		for _, server := range on {
			server.Customers.Jobs.Commits = nil
		}
	}
	for _, answer := range together(func(i int) apitest.Answer {
		return on[i%len(on)].Get(apitest.Operator, fmt.Sprintf(
			"cloud_api_customer/addCapacityConsumed?customerguid=%s&amount=%d&capacityunittype=MU", id, i+1))
	}) {
		if answer.Status != http.StatusOK {
			t.Errorf("%d %s", answer.Status, answer.Body)
		}
	}
	balance := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { capacityBalance { consumed remaining } } }`,
		map[string]any{"id": id})
	if want := `{"consumed":"528","remaining":"-528"}`; !strings.Contains(balance.Body, want) {
		t.Errorf("%s, want %s", balance.Body, want)
	}
}

// TestUnitsAreRemovedOnce: of many clients that remove the same units, one succeeds, and the others get an error that there
// are none.
func TestUnitsAreRemovedOnce(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id, on := a.Customer(t, "emptied"), servers(t, a)
		for range 3 {
			a.Result(t, apitest.Operator, "cloud_api_customer/addCapacityAvailable?customerguid="+id+"&amount=1&capacityunittype=SUP")
		}
		removed := 0
		for _, answer := range together(func(i int) apitest.Answer {
			return on[i%len(on)].Get(apitest.Operator, "cloud_api_customer/removeCapacityAvailable?customerguid="+id+"&capacityunittype=SUP")
		}) {
			switch {
			case answer.Status == http.StatusOK:
				removed++
			case !strings.Contains(answer.Body, "could not be found!"):
				t.Errorf("neither removed nor gone: %d %s", answer.Status, answer.Body)
			}
		}
		if removed != 1 {
			t.Errorf("%d have removed the units, not 1", removed)
		}
	})
}

// TestOneChangeOfAVersion: of many clients that change the same version of a customer, one succeeds, and the others get a
// conflict.
func TestOneChangeOfAVersion(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id, on := a.Customer(t, "c"), servers(t, a)
		read := a.Query(apitest.Operator, `query($id: ID!) { customer(id: $id) { version } }`, map[string]any{"id": id})
		version, changed := guid.FindString(read.Body), 0
		for _, answer := range together(func(i int) apitest.Answer {
			return on[i%len(on)].Query(apitest.Operator, `mutation($id: ID!, $v: ID!, $city: String!) {
				updateCustomer(input: {customerId: $id, expectedVersion: $v, city: $city}) { customer { city } } }`,
				map[string]any{"id": id, "v": version, "city": fmt.Sprint("city ", i)})
		}) {
			switch {
			case !strings.Contains(answer.Body, `"errors"`):
				changed++
			case !strings.Contains(answer.Body, `"code":"CONFLICT"`):
				t.Errorf("neither changed nor a conflict: %s", answer.Body)
			}
		}
		if changed != 1 {
			t.Errorf("%d have changed the same version, not 1", changed)
		}
	})
}
