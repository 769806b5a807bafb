package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestEmptyPartsOfFilters: an empty list of alternatives matches nothing, an empty filter matches everything, at any depth;
// a negation matches the rest.
func TestEmptyPartsOfFilters(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		group := uuid.NewString()
		id, err := uuid.Parse(group)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			in := model.CreateCustomerInput{Name: fmt.Sprint("customer ", i)}
			if i == 0 {
				in.ResourceGroupID = &id
			}
			if _, err := a.Customers.Create(viewer.SystemContext(t.Context()), in); err != nil {
				t.Fatal(err)
			}
		}
		first := a.Customer(t, "with a domain")
		if got := a.Get(apitest.Administrator, "cloud_api_customer/registerDomain?customerguid="+first+"&username=portal&password=portal%20secret&domain=a.example"); got.Status != 200 {
			t.Fatal(got.Body)
		}
		const all = 4
		for where, want := range map[string]int{
			`{}`: all, `{not: {}}`: 0, `{and: []}`: all, `{and: [{}]}`: all, `{or: []}`: 0, `{or: [{}]}`: all, `{or: [{or: []}, {name: "customer 1"}]}`: 1,
			`{idIn: []}`: 0, `{statusIn: []}`: 0, `{not: {idIn: []}}`: all, `{not: {or: []}}`: all, `{not: {and: []}}`: 0,
			`{name: "no such name", not: {}}`: 0, `{name: "customer 1", and: [{}]}`: 1, `{name: "customer 1", or: []}`: 0,
			`{hasDomainsWith: []}`: 1, `{hasDomains: true}`: 1, `{hasDomains: false}`: 3, `{hasDomainsWith: [{}]}`: 1, `{hasDomainsWith: [{nameIn: []}]}`: 0,
			`{hasDomainsWith: [{not: {nameIn: []}}]}`: 1, `{not: {hasDomainsWith: []}}`: 3, `{hasDomains: false, hasDomainsWith: []}`: 0,
			`{hasCloudUserGroupsWith: []}`: 0, `{not: {hasCloudUserGroupsWith: [{}]}}`: all, `{hasCloudUserGroupsWith: null}`: all,
			`{name: null, not: null, or: null, and: null, idIn: null, hasDomains: null, hasDomainsWith: null}`: all,
			`{resourceGroupId: "` + group + `"}`: 1, `{not: {resourceGroupId: "` + group + `"}}`: 3,
			`{not: {or: [{resourceGroupId: "` + group + `"}, {name: "customer 1"}]}}`: 2, `{not: {not: {resourceGroupId: "` + group + `"}}}`: 1,
			`{not: {and: [{resourceGroupId: "` + group + `"}, {name: "customer 0"}]}}`: 3,
			`{resourceGroupIdIsNull: true}`:                                            3, `{resourceGroupIdIsNull: false}`: 1, `{not: {resourceGroupIdIsNull: true}}`: 1, `{resourceGroupIdIsNull: null}`: all,
			`{retentionPolicyIdIsNull: true}`: all, `{retentionPolicyIdIsNull: false}`: 0,
		} {
			for _, query := range []string{"{ customers(where: " + where + ") { totalCount } }", "{ customers(first: 1, where: " + where + ") { nodes { id } totalCount } }"} {
				got := a.Query(apitest.Administrator, query, nil)
				if !strings.Contains(got.Body, fmt.Sprintf(`"totalCount":%d}`, want)) {
					t.Errorf("%s: %s, want %d", where, got.Body, want)
				}
			}
		}
	})
}

// TestEmptySelectionsAreObjects: an object whose fields are all skipped is written as {}.
func TestEmptySelectionsAreObjects(t *testing.T) {
	eachPath(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "one")
		for query, want := range map[string]string{
			`{ customers(first: 1) { nodes { id @skip(if: true) } } }`:                                                                  `{"customers":{"nodes":[{}]}}`,
			`{ customers(first: 1) { edges { cursor @skip(if: true) } } }`:                                                              `{"customers":{"edges":[{}]}}`,
			`{ customers(first: 1) { edges { node { id @include(if: false) } } } }`:                                                     `{"customers":{"edges":[{"node":{}}]}}`,
			`{ customers(first: 1) { pageInfo { hasNextPage @skip(if: true) } } }`:                                                      `{"customers":{"pageInfo":{}}}`,
			`{ customers(first: 1) { nodes @skip(if: true) { id } } }`:                                                                  `{"customers":{}}`,
			`query($s: Boolean! = true) { customers(first: 1) { ...f @skip(if: $s) } } fragment f on CustomerConnection { totalCount }`: `{"customers":{}}`,
			`{ customer(id: "` + id + `") { id @skip(if: true) } }`:                                                                     `{"customer":{}}`,
			`{ customer(id: "` + id + `") { domains { nodes @skip(if: true) { id } } name } }`:                                          `{"customer":{"domains":{},"name":"one"}}`,
			`{ customer(id: "` + id + `") { capacityBalance { type @skip(if: true) } } }`:                                               `{"customer":{"capacityBalance":[]}}`,
		} {
			if got := a.Query(apitest.Administrator, query, nil); !strings.Contains(got.Body, `{"data":`+want) {
				t.Errorf("%s: %s, want %s", query, got.Body, want)
			}
		}
	})
}
