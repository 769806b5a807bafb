package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cloudapi/server/api/apitest"
)

// TestGuidsInDocuments: a document with a guid written into it gets the answer that it gets with a variable, errors with their
// places and prices included, however often it comes.
func TestGuidsInDocuments(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "one")
		unknown := "00000000-0000-4000-8000-000000000000"
		for template, with := range map[string]string{
			`{ customer(id: "%s") { id name } }`:                                                                   id,
			`{ customer(id: "%s") { id name domains { nodes { id } } } me: viewer { id } }`:                        id,
			`{ customers(where: {idIn: ["%s"]}) { nodes { id } totalCount } }`:                                     id,
			`query Q { nodes(ids: ["%s"]) { id } }`:                                                                id,
			"{\n  a: customer(id: \"%s\") { id }\n}":                                                               unknown,
			`{ customers(where: {name: "%s"}) { nodes { id } } }`:                                                  id,
			`{ customer(id: "%s") { nothing } }`:                                                                   id,
			`query Q($id: ID!) { customer(id: "%s") { id } }`:                                                      id,
			`mutation { setCustomerStatus(input: {customerId: "%s", status: ACTIVE}) { customer { id status } } }`: id,
			`mutation { setCustomerStatus(input: {customerId: "%s", status: GONE}) { customer { id } } }`:          id,
		} {
			query := fmt.Sprintf(template, with)
			first := a.Query(apitest.Administrator, query, nil).Body
			for range 4 {
				if again := a.Query(apitest.Administrator, query, nil).Body; again != first {
					t.Errorf("%s: first %s, then %s", query, first, again)
				}
			}
			// Others of its kind, which are kept as one.
			for range 3 {
				other := uuid.NewString()
				got := a.Query(apitest.Administrator, fmt.Sprintf(template, other), nil).Body
				if strings.Contains(got, with) || strings.Contains(got, "INTERNAL") || strings.Contains(got, "liftedGuid") {
					t.Errorf("%s answers for another guid: %s", template, got)
				}
			}
		}
	})
}
