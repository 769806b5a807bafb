package api_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"cloudapi/ent/accesstoken"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// things has one object of each type, which only administrators and operators see.
type things struct {
	n                                                                            int64
	customer, group, subgroup, user, space, account, token, job, waiting, domain string
}

var worlds atomic.Int64

// world creates one object of each type, with unique names.
func world(t *testing.T, a *apitest.API) things {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	w := things{n: worlds.Add(1)}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, err := a.Customers.Create(ctx, model.CreateCustomerInput{Name: "one"})
	must(err)
	w.customer, w.job = c.Customer.ID.String(), c.Job.ID.String()
	for _, add := range []func() error{
		func() error {
			_, err := a.Capacity.AddAvailable(ctx, model.AddCapacityAvailableInput{CustomerID: c.Customer.ID, Amount: 1, Type: capacityunit.TypeCU})
			return err
		},
		func() error {
			_, err := a.Capacity.AddConsumed(ctx, model.AddCapacityConsumedInput{CustomerID: c.Customer.ID, Amount: 1, Type: capacityunit.TypeCU})
			return err
		},
	} {
		must(add())
	}
	w.domain = fmt.Sprintf("d%d.example", w.n)
	_, err = a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
		CustomerID: c.Customer.ID, Username: apitest.PortalAccount, Password: secret.New(apitest.PortalSecret), Domain: w.domain,
	})
	must(err)
	wait := false
	waiting, err := a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
		CustomerID: c.Customer.ID, Username: apitest.PortalAccount, Password: secret.New(apitest.PortalSecret), Domain: "later-" + w.domain,
		Execution: &model.ExecutionInput{Params: &model.ExecutionParams{Wait: &wait}},
	})
	must(err)
	w.waiting = waiting.Job.ID.String()
	s, err := a.Customers.CreateSpace(ctx, model.CreateCloudSpaceInput{CustomerID: c.Customer.ID, Name: "space"})
	must(err)
	w.space = s.CloudSpace.ID.String()
	g, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: "group"})
	must(err)
	w.group = g.CloudUserGroup.ID.String()
	sub, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: "subgroup"})
	must(err)
	w.subgroup = sub.CloudUserGroup.ID.String()
	_, err = a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: c.Customer.ID, CloudUserGroupID: g.CloudUserGroup.ID})
	must(err)
	u, err := a.Identity.CreateUser(ctx, model.CreateCloudUserInput{Login: fmt.Sprintf("user%d", w.n), Password: secret.New(apitest.Password)})
	must(err)
	w.user = u.CloudUser.ID.String()
	p, err := a.Identity.CreatePortalAccount(ctx, model.CreatePortalAccountInput{Username: fmt.Sprintf("p%d", w.n), Password: secret.New(apitest.Password)})
	must(err)
	w.account = p.PortalAccount.ID.String()
	token, err := a.Client.AccessToken.Create().SetUserID(u.CloudUser.ID).SetKind(accesstoken.KindPERSONAL).
		SetName("t").SetHash([]byte(w.domain)).Save(ctx)
	must(err)
	w.token = token.ID.String()
	return w
}

// operation returns the named operation on the objects of a world.
func operation(t *testing.T, name string, w things, login string) (string, map[string]any) {
	t.Helper()
	id := map[string]string{
		"node": w.customer, "customer": w.customer, "cloudUserGroup": w.group, "cloudUser": w.user,
		"cloudSpace": w.space, "job": w.job,
	}
	switch name {
	case "xmlSchema":
		return "{ xmlSchema(type: CLOUD_USER) }", nil
	case "customerStatuses", "customerXMLSchema", "capacityUnitTypes", "cloudUserStatuses", "cloudSpaceStatuses":
		return "{ " + name + " }", nil
	case "viewer":
		return "{ viewer { id } }", nil
	case "customers", "cloudSpaces", "cloudUserGroups", "cloudUsers", "portalAccounts", "jobs":
		return "{ " + name + " { nodes { id } totalCount } }", nil
	case "nodes":
		return `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": []string{w.customer}}
	case "search":
		return `query($t: String!) { search(text: $t) { id } }`, map[string]any{"t": w.domain}
	case "domain":
		return `query($n: String!) { domain(name: $n) { id } }`, map[string]any{"n": w.domain}
	}
	if guid, ok := id[name]; ok {
		return "query($id: ID!) { " + name + "(id: $id) { id } }", map[string]any{"id": guid}
	}
	input, ok := inputs(name, w, login)
	if !ok {
		t.Fatalf("no input for %s", name)
	}
	title := strings.ToUpper(name[:1]) + name[1:]
	return "mutation($in: " + title + "Input!) { " + name + "(input: $in) { __typename } }", map[string]any{"in": input}
}

func inputs(name string, w things, login string) (map[string]any, bool) {
	customer := map[string]any{"customerId": w.customer}
	with := func(more ...any) map[string]any {
		in := map[string]any{}
		for i := 0; i < len(more); i += 2 {
			in[more[i].(string)] = more[i+1]
		}
		return in
	}
	portal := with("customerId", w.customer, "username", apitest.PortalAccount, "password", apitest.PortalSecret)
	unit := with("customerId", w.customer, "type", "CU")
	membership := with("cloudUserGroupId", w.group, "cloudUserId", w.user)
	in, ok := map[string]map[string]any{
		"createCustomer": with("name", "x", "capacityAvailable", []any{with("type", "CU", "amount", 1)}, "cloudUserGroupIds", []any{w.group},
			"cloudSpaces", []any{with("name", "x", "children", []any{with("name", "y")})}),
		"addCapacityUnits":          with("units", []any{with("customerId", w.customer, "kind", "CONSUMED", "type", "CU", "amount", 1, "name", "x")}),
		"setCustomerStatuses":       with("changes", []any{with("customerId", w.customer, "status", "ACTIVE")}),
		"addCloudUserGroups":        with("links", []any{with("customerId", w.customer, "cloudUserGroupId", w.group)}),
		"updateCustomer":            customer,
		"setCustomerStatus":         with("customerId", w.customer, "status", "ACTIVE"),
		"deleteCustomer":            customer,
		"addCapacityAvailable":      with("customerId", w.customer, "type", "CU", "amount", 1),
		"addCapacityConsumed":       with("customerId", w.customer, "type", "CU", "amount", 1),
		"removeCapacityAvailable":   unit,
		"removeCapacityConsumed":    unit,
		"addCloudUserGroup":         with("customerId", w.customer, "cloudUserGroupId", w.group),
		"removeCloudUserGroup":      with("customerId", w.customer, "cloudUserGroupId", w.group),
		"registerDomain":            merge(portal, "domain", "new-"+w.domain),
		"unregisterDomain":          merge(portal, "domain", w.domain),
		"createCloudSpace":          with("customerId", w.customer, "name", "x"),
		"updateCloudSpace":          with("cloudSpaceId", w.space),
		"deleteCloudSpace":          with("cloudSpaceId", w.space),
		"createCloudUserGroup":      with("name", "x"),
		"updateCloudUserGroup":      with("cloudUserGroupId", w.group),
		"deleteCloudUserGroup":      with("cloudUserGroupId", w.group),
		"addUserToGroup":            membership,
		"removeUserFromGroup":       membership,
		"addGroupToGroup":           with("cloudUserGroupId", w.group, "memberCloudUserGroupId", w.subgroup),
		"removeGroupFromGroup":      with("cloudUserGroupId", w.group, "memberCloudUserGroupId", w.subgroup),
		"setCloudUserStatus":        with("cloudUserId", w.user, "status", "DISABLED"),
		"setCloudUserAdministrator": with("cloudUserId", w.user, "administrator", true),
		"setCloudSpaceStatus":       with("cloudSpaceId", w.space, "status", "DISABLED"),
		"createCloudUser":           with("login", "new-"+w.domain, "password", apitest.Password),
		"updateCloudUser":           with("cloudUserId", w.user, "email", "x"),
		"setCloudUserPassword":      with("cloudUserId", w.user, "password", apitest.Password),
		"deleteCloudUser":           with("cloudUserId", w.user),
		"createPortalAccount":       with("username", "new-"+w.domain, "password", apitest.Password),
		"setPortalAccountPassword":  with("portalAccountId", w.account, "password", apitest.Password),
		"deletePortalAccount":       with("portalAccountId", w.account),
		"createAccessToken":         with("name", "x"),
		"revokeAccessToken":         with("accessTokenId", w.token),
		"revokeAccessTokens":        with("cloudUserId", w.user),
		"linkCloudUser":             with("cloudUserId", w.user, "issuer", "https://id.example", "subject", w.domain),
		"unlinkCloudUser":           with("cloudUserId", w.user),
		"changePassword":            with("currentPassword", apitest.Password, "newPassword", apitest.Password),
		"signIn":                    with("login", login, "password", apitest.Password),
		"cancelJob":                 with("jobId", w.waiting),
		"signOut":                   with(),
	}[name]
	return in, ok
}

func merge(in map[string]any, key string, value any) map[string]any {
	out := map[string]any{key: value}
	for k, v := range in {
		out[k] = v
	}
	return out
}
