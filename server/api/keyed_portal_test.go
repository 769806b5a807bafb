package api_test

import (
	"strings"
	"testing"

	entjob "cloudapi/ent/job"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestAKeyedRegistrationIsMadeOnce: repeating a registration with an Idempotency-Key, which calls the portal, returns the
// first answer and creates no second job, waiting or not.
func TestAKeyedRegistrationIsMadeOnce(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx, customer := viewer.SystemContext(t.Context()), a.Customer(t, "c")
		for domain, wait := range map[string]bool{"waited.example": true, "later.example": false} {
			vars := map[string]any{"in": map[string]any{
				"customerId": customer, "username": apitest.PortalAccount, "password": apitest.PortalSecret, "domain": domain,
				"execution": map[string]any{"params": map[string]any{"wait": wait}},
			}}
			const query = `mutation($in: RegisterDomainInput!) { registerDomain(input: $in) { job { id } } }`
			first := a.Query(apitest.Operator, query, vars, "Idempotency-Key", domain)
			eventually(t, domain+" is registered", func() bool {
				return strings.Contains(a.Query(apitest.Operator, `query($n: String!) { domain(name: $n) { name } }`, map[string]any{"n": domain}).Body, domain)
			})
			again := a.Query(apitest.Operator, query, vars, "Idempotency-Key", domain)
			id, _, found := strings.Cut(first.Body, "}")
			if !found || !strings.HasPrefix(again.Body, id) || strings.Contains(first.Body, `"errors"`) {
				t.Errorf("%s: first %s\nagain %s", domain, first.Body, again.Body)
			}
		}
		if n := a.Client.Job.Query().Where(entjob.Action("registerDomain")).CountX(ctx); n != 2 {
			t.Errorf("two registrations have left %d jobs", n)
		}
	})
}
