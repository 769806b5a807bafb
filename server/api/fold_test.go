package api_test

import (
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestFoldedTextsAreCompleted: rows that a migration gave an empty folded column are found ignoring case once a server has
// started on the database.
func TestFoldedTextsAreCompleted(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		a.Query(apitest.Operator, `mutation { createCustomer(input: {name: "c", city: "Straße"}) { job { id } } }`, nil)
		a.Query(apitest.Operator, `mutation { createCloudUserGroup(input: {name: "ÄRZTE"}) { job { id } } }`, nil)
		const query = `{ customers(where: {cityContainsFold: "STRASSE"}) { nodes { city } } cloudUserGroups(where: {nameStartsWithFold: "är"}) { nodes { name } } }`
		const want = `{"customers":{"nodes":[{"city":"Straße"}]},"cloudUserGroups":{"nodes":[{"name":"ÄRZTE"}]}}`
		if got := a.Query(apitest.Operator, query, nil).Body; !strings.Contains(got, want) {
			t.Errorf("new rows: %s", got)
		}
		alter(t, a, "UPDATE customers SET city_fold = ''")
		alter(t, a, "UPDATE cloud_user_groups SET name_fold = ''")
		if got := apitest.Open(t, a.URL).Query(apitest.Operator, query, nil).Body; !strings.Contains(got, want) {
			t.Errorf("old rows: %s", got)
		}
	})
}
