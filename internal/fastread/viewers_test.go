package fastread_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"cloudapi/internal/identity"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestMembersAtOnceSeeTheirOwn: two members, of equal role and of different
// groups, ask the same at the same time, again and again. Each sees the customer
// of its own group and no other.
func TestMembersAtOnceSeeTheirOwn(t *testing.T) { apitest.Each(t, membersAtOnceSeeTheirOwn) }

func membersAtOnceSeeTheirOwn(t *testing.T, a *apitest.API) {
	own := map[string]string{apitest.Member: "", "max": ""}
	for login := range own {
		own[login] = customerOf(t, a, login)
	}
	const query = `query($id: ID!) { customer(id: $id) { name cloudUserGroups { nodes { users { nodes { login } } } } } }`
	const page = `{ customers(first: 10) { nodes { name } totalCount } }`
	var all sync.WaitGroup
	for login := range own {
		for range 16 {
			all.Go(func() {
				for range 20 {
					for whose, id := range own {
						got := a.Query(login, query, map[string]any{"id": id}).Body
						if seen := strings.Contains(got, `"name":"of `+whose+`"`); seen != (whose == login) {
							t.Errorf("%s sees the customer of %s: %v: %s", login, whose, seen, got)
							return
						}
					}
					got := a.Query(login, page, nil).Body
					if !strings.Contains(got, `{"nodes":[{"name":"of `+login+`"}],"totalCount":1}`) {
						t.Errorf("%s has the page %s", login, got)
						return
					}
				}
			})
		}
	}
	all.Wait()
	if a.Reader.Fast.Load() == 0 {
		t.Error("the fast path took nothing")
	}
}

// customerOf makes a customer that one member sees, and the member where it is
// not there yet.
func customerOf(t *testing.T, a *apitest.API, login string) string {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	found, err := identity.ByLogin(ctx, a.Client, login)
	must(err)
	var id uuid.UUID
	if found != nil {
		id = found.ID
	} else {
		made, err := a.Identity.CreateUser(ctx, model.CreateCloudUserInput{Login: login, Password: secret.New(apitest.Password)})
		must(err)
		id = made.CloudUser.ID
	}
	g, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: "of " + login})
	must(err)
	_, err = a.Identity.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: g.CloudUserGroup.ID, CloudUserID: id})
	must(err)
	c, err := a.Customers.Create(ctx, model.CreateCustomerInput{Name: "of " + login})
	must(err)
	_, err = a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: c.Customer.ID, CloudUserGroupID: g.CloudUserGroup.ID})
	must(err)
	return c.Customer.ID.String()
}
