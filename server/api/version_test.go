package api_test

import (
	"strings"
	"testing"

	"cloudapi/graph"
	"cloudapi/server/api/apitest"
)

// TestStaleVersionIsAConflict calls every mutation with an expectedVersion: with the object's version it succeeds, with
// another one it is a conflict that changes nothing and names the object's version.
func TestStaleVersionIsAConflict(t *testing.T) {
	var mutations []string
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	for _, f := range schema.Mutation.Fields {
		if schema.Types[f.Arguments.ForName("input").Type.Name()].Fields.ForName("expectedVersion") != nil {
			mutations = append(mutations, f.Name)
		}
	}
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for _, name := range mutations {
			query, vars := operation(t, name, world(t, a), apitest.Administrator)
			waitForJobs(t, a) // the domain of a job that waits changes the customer as well
			in := vars["in"].(map[string]any)
			object, version := versionOf(t, a, in)
			in["expectedVersion"] = object
			if stale := a.Query(apitest.Administrator, query, vars); !strings.Contains(stale.Body, `"code":"CONFLICT"`) ||
				!strings.Contains(stale.Body, `"currentVersion":"`+version) || !strings.Contains(stale.Body, `"field":"expectedVersion"`) {
				t.Errorf("%s: %s", name, stale.Body)
			}
			if _, after := versionOf(t, a, in); after != version {
				t.Errorf("%s has changed something all the same", name)
			}
			in["expectedVersion"] = version
			if fresh := a.Query(apitest.Administrator, query, vars); strings.Contains(fresh.Body, "errors") {
				t.Errorf("%s: %s", name, fresh.Body)
			}
			again := a.Query(apitest.Administrator, query, vars)
			want := `"code":"CONFLICT"`
			if strings.HasPrefix(name, "delete") {
				want = `"code":"NOT_FOUND"`
			}
			if !strings.Contains(again.Body, want) {
				t.Errorf("%s again: %s", name, again.Body)
			}
		}
	})
}

// versionOf returns the guid and the version of the object that an input names.
func versionOf(t *testing.T, a *apitest.API, in map[string]any) (id, version string) {
	t.Helper()
	for _, field := range []string{"customer", "cloudSpace", "cloudUserGroup", "cloudUser"} {
		id, ok := in[field+"Id"].(string)
		if !ok {
			continue
		}
		answer := a.Query(apitest.Administrator, "query($id: ID!) { "+field+"(id: $id) { version } }", map[string]any{"id": id})
		return id, guid.FindString(answer.Body)
	}
	t.Fatalf("%v names no object with a version", in)
	return "", ""
}
