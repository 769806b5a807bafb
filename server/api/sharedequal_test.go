package api_test

import (
	"flag"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestSharedAdditionsEqualSeparateOnes: each addition in a group succeeds or fails as it does alone, with the same answer
// and the same rows.
func TestSharedAdditionsEqualSeparateOnes(t *testing.T) {
	few(t, 15)
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		executed, alone := watched(a), separate(t, a)
		rapid.Check(t, func(rt *rapid.T) {
			drawn := rapid.SliceOfN(drawRequest(), 1, 12).Draw(rt, "additions")
			// The first waits in the database; the others wait for it.
			drawn = append([]request{{login: apitest.Operator, customer: "one", amount: 1}}, drawn...)
			executed.seen = nil
			shared, left := added(t, a, drawn, inOneBatch)
			single, leftAlone := added(t, alone, drawn, oneByOne)
			if difference := cmp.Diff(single, shared); difference != "" {
				rt.Errorf("answers, - alone + shared:\n%s", difference)
			}
			if difference := cmp.Diff(leftAlone, left); difference != "" {
				rt.Errorf("left, - alone + shared:\n%s", difference)
			}
			// Two customers are created first.
			if !slices.Equal(executed.seen[2:4], []int{1, len(drawn) - 1}) {
				rt.Errorf("executed together: %v", executed.seen)
			}
		})
	})
}

// few sets how many cases rapid checks, unless a flag does.
func few(t *testing.T, checks int) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = flag.Set(f.Name, strconv.Itoa(checks))
		t.Cleanup(func() { _ = flag.Set(f.Name, f.DefValue) })
	}
}

// drawRequest generates a valid or invalid request by an allowed user, for one of two customers or an unknown one.
func drawRequest() *rapid.Generator[request] {
	return rapid.Custom(func(t *rapid.T) request {
		return request{
			login:    rapid.SampledFrom([]string{apitest.Operator, apitest.Administrator}).Draw(t, "login"),
			customer: rapid.SampledFrom([]string{"one", "one", "two", "gone"}).Draw(t, "customer"),
			amount:   rapid.SampledFrom([]int64{1, 7, 1<<53 - 1}).Draw(t, "amount"),
			more: rapid.OneOf(rapid.StringMatching(`[ -~é]{0,20}`), rapid.SampledFrom([]string{
				"", strings.Repeat("x", 256), strings.Repeat("é", 255), `"],[{\u0000}] <&>`,
			})).Draw(t, "name"),
		}
	})
}

// separate returns an API without shared commits on another database.
func separate(t *testing.T, a *apitest.API) *apitest.API {
	url := "sqlite://" + t.TempDir() + "/separate.db"
	if a.Store.Dialect() == "postgres" {
		url = pgtest.URL(t)
	}
	return apitest.New(t, url, func(o *api.Options) { o.SeparateCommits = true })
}

func oneByOne(t *testing.T, a *apitest.API, requests []request) []apitest.Answer {
	var answers []apitest.Answer
	for _, r := range requests {
		answers = append(answers, r.send(t, a))
	}
	return answers
}

// added sends requests for new customers, and returns the answers and the rows without values that differ each time.
func added(t *testing.T, a *apitest.API, requests []request, send func(*testing.T, *apitest.API, []request) []apitest.Answer) (answers, left []string) {
	t.Helper()
	ids := map[string]string{"one": a.Customer(t, "one"), "two": a.Customer(t, "two"), "gone": uuid.NewString()}
	requests = slices.Clone(requests)
	for i := range requests {
		requests[i].customer = ids[requests[i].customer]
	}
	for _, answer := range send(t, a, requests) {
		answers = append(answers, strconv.Itoa(answer.Status)+plain(answer.Body))
	}
	const look = `query($one: ID!, $two: ID!, $gone: ID!) { customers(where: {or: [{id: $one}, {id: $two}]}, orderBy: {field: NAME, direction: ASC}) { nodes { name capacityAvailable { amount name } } }
		jobs(where: {action: "addCapacityAvailable", or: [{customerId: $one}, {customerId: $two}, {customerId: $gone}]}, first: 100) { nodes { status error action userLogin parameters } } }`
	found := a.Query(apitest.Administrator, look, map[string]any{"one": ids["one"], "two": ids["two"], "gone": ids["gone"]})
	if found.Status != http.StatusOK || strings.Contains(found.Body, `"errors"`) {
		t.Fatalf("%d %s", found.Status, found.Body)
	}
	// Concurrent changes are made in any order.
	units, jobs, _ := strings.Cut(plain(found.Body), `"jobs":`)
	left = slices.Sorted(strings.SplitSeq(jobs, `{"status"`))
	for customer := range strings.SplitSeq(units, `"capacityAvailable":`) {
		left = append(left, slices.Sorted(strings.FieldsFuncSeq(customer, func(r rune) bool { return strings.ContainsRune("[]{}", r) }))...)
	}
	return answers, left
}

var moment = regexp.MustCompile(`\d{4}-\d{2}-\d{2}T[0-9:.]+Z`)

// plain replaces values that differ each time: guids, times, and the remaining rate.
func plain(body string) string {
	body = guid.ReplaceAllString(body, "guid")
	body, _, _ = strings.Cut(body, `,"extensions":{"cost"`)
	return moment.ReplaceAllString(body, "time")
}
