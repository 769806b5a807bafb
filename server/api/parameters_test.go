package api_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestParametersShowNothingNew: a member that sees a customer sees its jobs; they show no group or portal account that the
// member does not see elsewhere.
func TestParametersShowNothingNew(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		ctx := viewer.SystemContext(t.Context())
		group := a.Query(apitest.Operator, `mutation { createCloudUserGroup(input: {name: "own"}) { cloudUserGroup { id } job { id } } }`, nil)
		own := guid.FindString(group.Body)
		mia := a.Client.CloudUser.Query().Where(clouduser.Login(apitest.Member)).OnlyX(ctx)
		a.Client.CloudUserGroup.UpdateOneID(uuid.MustParse(own)).AddUsers(mia).ExecX(ctx)
		for _, id := range []string{own, w.group} {
			a.Query(apitest.Operator, `mutation($c: ID!, $g: ID!) { addCloudUserGroup(input: {customerId: $c, cloudUserGroupId: $g}) { job { id } } }`,
				map[string]any{"c": w.customer, "g": id})
		}
		a.Query(apitest.Operator, `mutation($c: ID!, $g: ID!) { removeCloudUserGroup(input: {customerId: $c, cloudUserGroupId: $g}) { job { id } } }`,
			map[string]any{"c": w.customer, "g": w.group})
		const jobs = `query($c: ID!) { jobs(first: 100, where: {customerId: $c}) { nodes { action parameters } } }`
		seen := a.Query(apitest.Member, jobs, map[string]any{"c": w.customer}).Body
		if strings.Contains(seen, w.group) || strings.Contains(seen, apitest.PortalAccount+`"`) || !strings.Contains(seen, own) ||
			!strings.Contains(seen, "registerDomain") {
			t.Errorf("a member sees %s", seen)
		}
		if all := a.Query(apitest.Administrator, jobs, map[string]any{"c": w.customer}).Body; !strings.Contains(all, w.group) || !strings.Contains(all, `"username":"`+apitest.PortalAccount) {
			t.Errorf("an administrator sees %s", all)
		}
	})
}
