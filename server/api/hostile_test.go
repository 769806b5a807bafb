package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// hostileGuids returns guids that often cause errors: the nil guid, the maximum, an unknown one, and one of another type.
func hostileGuids(w things) []string {
	return []string{
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"12345678-1234-4234-8234-123456789abc", w.customer, w.group, w.user, w.space, w.account, w.token, w.job, w.waiting,
	}
}

// brokenGuids are not guids.
var brokenGuids = []string{"", " ", "0", "null", "00000000-0000-0000-0000-00000000000", "{}", "' OR 1=1 --", "\u0000", strings.Repeat("0", 5000)}

// TestHostileGuids calls each operation of the matrix with unexpected guids in each place, waiting or not: the answer is
// never an internal error.
func TestHostileGuids(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		for _, c := range matrix {
			for _, guid := range append(hostileGuids(w), brokenGuids...) {
				for _, login := range []string{apitest.Operator, apitest.Member} {
					for _, vars := range hostile(t, c.name, w, login, guid) {
						query, _ := operation(t, c.name, w, login)
						answer := a.Query(login, query, vars)
						if answer.Status >= 500 || strings.Contains(answer.Body, "INTERNAL") || answer.Body == "" {
							t.Errorf("%s by %s with %v: %d %s", c.name, login, vars, answer.Status, answer.Body)
						}
					}
				}
			}
		}
		if log := a.Log.String(); strings.Contains(log, "panic") {
			t.Errorf("something has panicked:\n%s", log)
		}
		// Any worker can run an accepted job.
		waitForJobs(t, apitest.Open(t, a.URL))
	}, withoutWorkers, withoutRates)
}

// hostile returns the variables of an operation with a guid in each possible place, also with wait: false.
func hostile(t *testing.T, name string, w things, login, guid string) []map[string]any {
	t.Helper()
	_, vars := operation(t, name, w, login)
	if vars["id"] != nil {
		return []map[string]any{{"id": guid}}
	}
	if vars["ids"] != nil {
		return []map[string]any{{"ids": []string{guid, guid}}}
	}
	in, ok := vars["in"].(map[string]any)
	if !ok {
		return nil
	}
	var all []map[string]any
	for _, with := range placed(in, guid) {
		for _, wait := range []bool{true, false} {
			of := map[string]any{"in": maps.Clone(with)}
			if wait || doNotWait(name, of) {
				all = append(all, of)
			}
		}
	}
	return all
}

// placed returns inputs with a guid in each possible place, also in the entries of lists.
func placed(in map[string]any, guid string) []map[string]any {
	var all []map[string]any
	put := func(key string, value any) {
		with := maps.Clone(in)
		with[key] = value
		all = append(all, with)
	}
	for key, value := range in {
		list, _ := value.([]any)
		switch {
		case strings.HasSuffix(key, "Id"):
			put(key, guid)
		case strings.HasSuffix(key, "Ids"):
			put(key, append(slices.Clone(list), guid))
		case len(list) > 0:
			for _, entry := range placed(list[0].(map[string]any), guid) {
				put(key, append(slices.Clone(list), entry))
			}
		}
	}
	return all
}
