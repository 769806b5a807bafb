package api_test

import (
	"slices"
	"strings"
	"testing"

	"cloudapi/ent/rule"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// What a role gets from an operation.
const (
	yes  = "yes"       // it succeeds
	no   = "FORBIDDEN" // it is rejected
	none = "NOT_FOUND" // the object does not exist for this role
)

// cell is an operation, and what administrator, operator and member get from it.
type cell struct {
	name                            string
	administrator, operator, member string
}

// matrix has the rights of each role by operation. A field of Query or Mutation without a row fails the test.
var matrix = []cell{
	{"node", yes, yes, none}, {"nodes", yes, yes, none}, {"viewer", yes, yes, yes},
	{"customer", yes, yes, none}, {"customers", yes, yes, yes},
	{"customerStatuses", yes, yes, yes}, {"customerXMLSchema", yes, yes, yes}, {"xmlSchema", yes, yes, yes},
	{"cloudUserStatuses", yes, yes, yes}, {"cloudSpaceStatuses", yes, yes, yes}, {"cloudSpaces", yes, yes, yes}, {"capacityUnitTypes", yes, yes, yes},
	{"cloudUserGroup", yes, yes, none}, {"cloudUserGroups", yes, yes, yes},
	{"cloudUser", yes, none, none}, {"cloudUsers", yes, yes, yes},
	{"cloudSpace", yes, yes, none}, {"domain", yes, yes, none}, {"search", yes, yes, yes},
	{"portalAccounts", yes, yes, yes}, {"job", yes, yes, none}, {"jobs", yes, yes, yes},

	{"createCustomer", yes, yes, no}, {"updateCustomer", yes, yes, no}, {"setCustomerStatus", yes, yes, no},
	{"addCapacityAvailable", yes, yes, no}, {"removeCapacityAvailable", yes, yes, no},
	{"addCapacityUnits", yes, yes, no}, {"setCustomerStatuses", yes, yes, no}, {"addCloudUserGroups", yes, yes, no},
	{"addCapacityConsumed", yes, yes, no}, {"removeCapacityConsumed", yes, yes, no},
	{"addCloudUserGroup", yes, yes, no}, {"removeCloudUserGroup", yes, yes, no},
	{"registerDomain", yes, yes, no}, {"unregisterDomain", yes, yes, no},
	{"createCloudSpace", yes, yes, no}, {"updateCloudSpace", yes, yes, no}, {"deleteCloudSpace", yes, yes, no},
	{"createCloudUserGroup", yes, yes, no}, {"updateCloudUserGroup", yes, yes, no}, {"deleteCloudUserGroup", yes, yes, no},
	{"addUserToGroup", yes, no, no}, {"removeUserFromGroup", yes, no, no},
	{"addGroupToGroup", yes, no, no}, {"removeGroupFromGroup", yes, no, no},
	{"setCloudUserStatus", yes, no, no}, {"setCloudUserAdministrator", yes, no, no}, {"setCloudSpaceStatus", yes, yes, no},
	{"createCloudUser", yes, no, no}, {"updateCloudUser", yes, no, no},
	{"setCloudUserPassword", yes, no, no}, {"deleteCloudUser", yes, no, no},
	{"createPortalAccount", yes, no, no}, {"setPortalAccountPassword", yes, no, no}, {"deletePortalAccount", yes, no, no},
	{"createAccessToken", yes, yes, yes}, {"revokeAccessToken", yes, none, none}, {"revokeAccessTokens", yes, none, none},
	{"linkCloudUser", yes, no, no}, {"unlinkCloudUser", yes, no, no},
	{"changePassword", yes, yes, yes}, {"signIn", yes, yes, yes}, {"signOut", yes, yes, yes},
	{"cancelJob", yes, no, none},
	{"deleteCustomer", yes, yes, no},
}

func TestRolesByOperation(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		for _, c := range matrix {
			for login, want := range map[string]string{
				apitest.Administrator: c.administrator, apitest.Operator: c.operator, apitest.Member: c.member,
			} {
				for _, wait := range []bool{true, false} {
					// Everything is created anew, so that cells are independent.
					query, vars := operation(t, c.name, world(t, a), login)
					if !wait && !doNotWait(c.name, vars) {
						continue
					}
					answer := a.Query(login, query, vars)
					if got := outcome(answer); got != want {
						t.Errorf("%s by %s, waiting %v: %s, want %s\n%s", c.name, login, wait, got, want, answer.Body)
					}
				}
			}
		}
	}, withoutWorkers, withoutRates)
}

// withoutWorkers leaves background jobs to other servers.
func withoutWorkers(o *api.Options) { o.JobWorkers = -1 }

// withoutRates lets a caller make any number of changes.
func withoutRates(o *api.Options) { o.Rates.Burst = -1 }

// doNotWait sets wait: false in the input of a mutation. It returns false for an operation that is not a job, and has no
// execution.
func doNotWait(name string, vars map[string]any) bool {
	in, ok := vars["in"].(map[string]any)
	if !ok || name == "signIn" || name == "signOut" {
		return false
	}
	in["execution"] = map[string]any{"params": map[string]any{"wait": false}}
	return true
}

// TestEveryOperationHasARow compares the matrix with the schema.
func TestEveryOperationHasARow(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/matrix.db")
	answer := a.Query(apitest.Administrator, `{ __schema { queryType { fields { name } } mutationType { fields { name } } } }`, nil)
	for part := range strings.SplitSeq(answer.Body, `{"name":"`) {
		name, _, ok := strings.Cut(part, `"`)
		if !ok || strings.HasPrefix(part, "{") {
			continue
		}
		if !slices.ContainsFunc(matrix, func(c cell) bool { return c.name == name }) {
			t.Errorf("%s has no row in the matrix", name)
		}
	}
}

func outcome(answer apitest.Answer) string {
	for _, code := range []string{no, none} {
		if strings.Contains(answer.Body, `"code":"`+code+`"`) {
			return code
		}
	}
	if strings.Contains(answer.Body, `"errors"`) {
		return "an error"
	}
	return yes
}

// TestInvisibleIsAbsent: for an object that a member may not see the answer equals that for an unknown guid, and counts and
// filters do not include it.
func TestInvisibleIsAbsent(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		const never = "00000000-0000-4000-8000-000000000000"
		for _, query := range []string{
			`query($id: ID!) { customer(id: $id) { name } }`,
			`query($id: ID!) { node(id: $id) { id } }`,
			`query($id: ID!) { cloudSpace(id: $id) { name } }`,
			`query($id: ID!) { job(id: $id) { action } }`,
		} {
			for _, id := range []string{w.customer, w.space, w.job} {
				hidden := a.Query(apitest.Member, query, map[string]any{"id": id})
				absent := a.Query(apitest.Member, query, map[string]any{"id": never})
				if strings.ReplaceAll(hidden.Body, id, never) != absent.Body || hidden.Status != absent.Status {
					t.Errorf("%s\n%s\ndiffers from\n%s", query, hidden.Body, absent.Body)
				}
			}
		}
		for _, query := range []string{
			`{ customers { totalCount nodes { id } } }`,
			`{ customers(where: {hasDomains: true}) { totalCount } }`,
			`{ customers(where: {hasCloudUserGroups: true}) { totalCount } }`,
			`{ cloudUserGroups { totalCount } }`,
			`{ jobs { totalCount } }`,
			`{ portalAccounts { totalCount } }`,
		} {
			if answer := a.Query(apitest.Member, query, nil); !strings.Contains(answer.Body, `"totalCount":0`) {
				t.Errorf("%s: %s", query, answer.Body)
			}
		}
	})
}

// TestLeastRoles compares the roles that may get a stored answer again with the matrix.
func TestLeastRoles(t *testing.T) {
	for _, c := range matrix {
		query, _ := operation(t, c.name, things{}, "")
		if !strings.HasPrefix(query, "mutation") {
			continue
		}
		least := viewer.Administrator
		switch {
		case c.member != no:
			least = viewer.Member
		case c.operator != no:
			least = viewer.Operator
		}
		if got := rule.LeastRole(c.name); got != least {
			t.Errorf("%s needs %s, and rule.LeastRole says %s", c.name, least, got)
		}
	}
}
