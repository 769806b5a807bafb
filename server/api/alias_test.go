package api_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cloudapi/server/api/apitest"
)

// TestAliasesOfOneObject: an object that is selected under two aliases has the fields of both, on every path.
func TestAliasesOfOneObject(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "one")
		register := `mutation { registerDomain(input: {customerId: "` + id + `", username: "` + apitest.PortalAccount + `", password: "` + apitest.PortalSecret + `", domain: "one.example"}) {
			domain { a: customer { name version } b: customer { status city } } job { a: user { login role } b: user { name } id } } }`
		answer := a.Query(apitest.Administrator, register, nil)
		job := between(answer.Body, `"id":"`, `"`)
		for _, c := range []struct{ query, wants, excludes string }{
			{register, "", ""},
			{`{ domain(name: "one.example") { a: customer { name } b: customer { status city } } }`, `"a":{"name":"one"},"b":{"status":"CONFIGURED"`, ""},
			{`mutation { updateCustomer(input: {customerId: "` + id + `", description: "d"}) { customer { domains(first: 1) { nodes { a: customer { name version } b: customer { status } } } } } }`,
				`"a":{"name":"one","version":"`, `00000000-0000-0000`},
			{`{ job(id: "` + job + `") { parameters a: user { login role } b: user { name } } }`, `"a":{"login":"` + apitest.Administrator + `","role":"ADMINISTRATOR"}`, ""},
			{`{ customers { nodes { domains { nodes { a: customer { name domains(first: 1) { nodes { id } } } b: customer { domains(first: 1) { nodes { name } } } } } } } }`,
				`"b":{"domains":{"nodes":[{"name":"one.example"}]}}`, `"name":""`},
		} {
			if c.query == register {
				c.wants, c.excludes = `"a":{"name":"one","version":"`, `"role":""`
			} else {
				answer = a.Query(apitest.Administrator, c.query, nil)
			}
			if !strings.Contains(answer.Body, c.wants) || c.excludes != "" && strings.Contains(answer.Body, c.excludes) {
				t.Errorf("%s: %s", c.query, answer.Body)
			}
		}
	})
}

func between(text, before, after string) string {
	_, rest, _ := strings.Cut(text, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

// TestTreeIgnoresItsNeighbours: the fields of a tree do not depend on the fields beside it.
func TestTreeIgnoresItsNeighbours(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		ids := []string{a.Customer(t, "one"), a.Customer(t, "two")}
		answer := a.Query(apitest.Administrator, `mutation { setCustomerStatuses(input: {changes: [{customerId: "`+ids[0]+`", status: ACTIVE}, {customerId: "`+ids[1]+`", status: ACTIVE}]}) { job { id } } }`, nil)
		job := between(answer.Body, `"id":"`, `"`)
		for query, want := range map[string]string{
			`tree { user { login role } } user { name }`:                                                 `"login":"` + apitest.Administrator + `","role":"ADMINISTRATOR"`,
			`children(first: 1, where: {status: ERROR}) { totalCount } tree { children { totalCount } }`: `"tree":[{"children":{"totalCount":2}}`,
			`tree { c: children(where: {status: ERROR}) { totalCount } } c: children { totalCount }`:     `"tree":[{"c":{"totalCount":0}}`,
		} {
			if got := a.Query(apitest.Administrator, `{ job(id: "`+job+`") { `+query+` } }`, nil); !strings.Contains(got.Body, want) {
				t.Errorf("%s: %s", query, got.Body)
			}
		}
	})
}

// TestSubscriptionsFilterNestedLists: the answers of a subscription obey the filters of nested lists, errors have whole paths, and
// a subscription without a field is rejected.
func TestSubscriptionsFilterNestedLists(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url, id := listen(t, a), a.Customer(t, "one")
		if answer := a.Query(apitest.Administrator, `mutation { createCloudSpace(input: {customerId: "`+id+`", name: "s"}) { job { id } } }`, nil); answer.Status != 200 {
			t.Fatal(answer.Body)
		}
		s := connect(t, url, apitest.Administrator)
		one := `customer(id: "` + id + `")`
		for i, c := range []struct{ query, kind, want string }{
			{`subscription { ... { ` + one + ` { cloudSpaces(where: {name: "other"}) { totalCount nodes { name } } } } }`, "next", `"cloudSpaces":{"totalCount":0,"nodes":[]}`},
			{`subscription { ... { x: ` + one + ` { cloudSpaces(first: 501) { totalCount } } } }`, "next", `"path":["x","cloudSpaces"]`},
			{`subscription { x: ` + one + ` @skip(if: true) { name } }`, "error", "BAD_USER_INPUT"},
			{`subscription($no: Boolean = false) { ...f @include(if: $no) } fragment f on Subscription { changes { cursor } }`, "error", "BAD_USER_INPUT"},
		} {
			s.subscribe(fmt.Sprint(i), c.query)
			s.expect(c.kind, c.want)
			if c.kind == "next" {
				s.send(`{"id":"%d","type":"complete"}`, i)
			}
		}
		cursor := anyCursor(t, a, s, id)
		a.Rename(t, id, "renamed")
		for name, c := range map[string][2]string{
			"filter": {`cloudSpaces(where: {name: "other"}) { totalCount }`, `"cloudSpaces":{"totalCount":0}`},
			"path":   {`cloudSpaces(first: 501) { totalCount }`, `"path":["changes","customer","cloudSpaces"]`},
		} {
			other := connect(t, url, apitest.Administrator)
			other.subscribe(name, `subscription { changes(after: "`+cursor+`") { cursor customer { `+c[0]+` } } }`)
			other.expect("next", c[1])
		}
	})
}

// anyCursor returns the cursor of a change of a customer. It makes changes until the subscription has begun.
func anyCursor(t *testing.T, a *apitest.API, s *socket, customer string) string {
	t.Helper()
	s.subscribe("any", `subscription { changes { cursor } }`)
	begun := make(chan struct{})
	var changing sync.WaitGroup
	changing.Go(func() {
		for {
			select {
			case <-begun:
				return
			case <-time.After(20 * time.Millisecond):
				a.Query(apitest.Administrator, `mutation { setCustomerStatus(input: {customerId: "`+customer+`", status: ACTIVE}) { job { id } } }`, nil)
			}
		}
	})
	m := s.expect("next", "cursor")
	close(begun)
	changing.Wait()
	return between(string(m.Payload), `"cursor":"`, `"`)
}

// TestErrorsAreEvents: a client that accepts only events gets an invalid document or input as an event.
func TestErrorsAreEvents(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	url := listen(t, a)
	for _, query := range []string{
		`subscription { nope }`, `{ nope }`, `{`, `query($x: ID!) { customer(id: $x) { name } }`, `subscription { customer(id: \"x\") { name } }`,
		`subscription { changes(after: \"nonsense\") { cursor } }`, `subscription { changes @skip(if: true) { cursor } }`,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", strings.NewReader(`{"query":"`+query+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Authorization", basic(apitest.Administrator))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		got := string(body)
		if answer.StatusCode != 200 || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") ||
			!strings.Contains(got, "event: next\ndata: {\"errors\":[") || !strings.HasSuffix(got, "event: complete\ndata:\n\n") {
			t.Errorf("%s: %d %s", query, answer.StatusCode, got)
		}
	}
}
