package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// groups creates n groups.
func groups(t *testing.T, a *apitest.API, n int) []uuid.UUID {
	t.Helper()
	var ids []uuid.UUID
	for i := range n {
		made, err := a.Identity.CreateGroup(viewer.SystemContext(t.Context()), model.CreateCloudUserGroupInput{Name: fmt.Sprintf("g%d", i)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.CloudUserGroup.ID)
	}
	return ids
}

func nest(t *testing.T, a *apitest.API, group, member uuid.UUID) error {
	t.Helper()
	_, err := a.Identity.AddGroup(viewer.SystemContext(t.Context()),
		model.AddGroupToGroupInput{CloudUserGroupID: group, MemberCloudUserGroupID: member})
	return err
}

// TestMembersOfMembersRead: a user of a group within a group within a group reads the customers of the outermost group, by
// GraphQL on both paths and by old URLs, until a link of the chain is removed.
func TestMembersOfMembersRead(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		ordinary := apitest.OpenOrdinary(t, a.URL)
		customer := a.Customer(t, "Customer1")
		g := groups(t, a, 4)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(nest(t, a, g[0], g[1]))
		must(nest(t, a, g[1], g[2]))
		_, err := a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: uuid.MustParse(customer), CloudUserGroupID: g[0]})
		must(err)
		sees := func(want bool) {
			t.Helper()
			seen := map[string]apitest.Answer{
				"fast":       a.Query(apitest.Member, `query($id: ID!) { customer(id: $id) { name cloudUserGroups { nodes { name } } } }`, map[string]any{"id": customer}),
				"ordinary":   ordinary.Query(apitest.Member, `{ customers { nodes { name } } }`, nil),
				"list":       a.Query(apitest.Member, `{ customers { nodes { name jobs { totalCount } } } }`, nil),
				"old":        a.Get(apitest.Member, "cloud_api_customer/find"),
				"serialized": a.Get(apitest.Member, "cloud_api_customer/getYAML?customerguid="+customer),
			}
			for name, answer := range seen {
				if got := strings.Contains(answer.Body, "Customer1") || name == "old" && strings.Contains(answer.Body, customer); got != want {
					t.Errorf("%s: sees %t, want %t: %s", name, got, want, answer.Body)
				}
			}
		}
		sees(false)
		member, err := a.Client.CloudUser.Query().All(ctx)
		must(err)
		for _, u := range member {
			if u.Login == apitest.Member {
				_, err = a.Identity.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: g[2], CloudUserID: u.ID})
				must(err)
			}
		}
		sees(true)
		// The member sees these three groups, and not the fourth.
		if answer := a.Query(apitest.Member, `{ cloudUserGroups { totalCount } }`, nil); !strings.Contains(answer.Body, `"totalCount":3`) {
			t.Error(answer.Body)
		}
		_, err = a.Identity.RemoveGroup(ctx, model.RemoveGroupFromGroupInput{CloudUserGroupID: g[0], MemberCloudUserGroupID: g[1]})
		must(err)
		sees(false)
	})
}

// TestCirclesOfGroupsAreRefused: also if two concurrent changes would close one together.
func TestCirclesOfGroupsAreRefused(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		g := groups(t, a, 6)
		if err := nest(t, a, g[0], g[0]); !fault.Is(err, fault.Conflict) {
			t.Errorf("a group in itself: %v", err)
		}
		for i := range 3 {
			if err := nest(t, a, g[i], g[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := nest(t, a, g[3], g[0]); !fault.Is(err, fault.Conflict) {
			t.Errorf("a circle of four: %v", err)
		}
		if err := nest(t, a, g[0], g[1]); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "already part of the group") {
			t.Errorf("twice: %v", err)
		}
		// 0 > 1 > 2 > 3 exists. 3 > 4 and 5 > 0 do not close a circle; 3 > 5 and 5 > 0 do, and so do 3 > 4, 4 > 5 and 5 > 0,
		// in any order.
		for round := range 20 {
			var wait sync.WaitGroup
			for _, pair := range [][2]int{{3, 4}, {4, 5}, {5, 0}, {3, 5}} {
				wait.Go(func() { _ = nest(t, a, g[pair[0]], g[pair[1]]) })
			}
			wait.Wait()
			circle(t, a, g)
			for _, pair := range [][2]int{{3, 4}, {4, 5}, {5, 0}, {3, 5}} {
				_, err := a.Identity.RemoveGroup(viewer.SystemContext(t.Context()),
					model.RemoveGroupFromGroupInput{CloudUserGroupID: g[pair[0]], MemberCloudUserGroupID: g[pair[1]]})
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
		}
	})
}

// circle fails if a group is its own member at some depth.
func circle(t *testing.T, a *apitest.API, all []uuid.UUID) {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	for _, start := range all {
		below := []uuid.UUID{start}
		for range len(all) {
			next, err := a.Client.CloudUserGroup.Query().Where(cloudusergroup.HasMemberOfWith(cloudusergroup.IDIn(below...))).IDs(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range next {
				if id == start {
					t.Fatalf("%s is in itself", start)
				}
			}
			below = next
		}
	}
}

// TestVersionsFollowWhatIsShown: a change of anything in a group's serialized form gives the group a new version, and
// deleting a group gives a new version to the objects whose forms show it.
func TestVersionsFollowWhatIsShown(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		ctx := viewer.SystemContext(t.Context())
		g := groups(t, a, 2)
		version := func() uuid.UUID {
			t.Helper()
			found, err := a.Client.CloudUserGroup.Get(ctx, g[0])
			if err != nil {
				t.Fatal(err)
			}
			return found.Version
		}
		user, err := a.Client.CloudUser.Query().First(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func() error{
			"add a user": func() error {
				_, err := a.Identity.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: g[0], CloudUserID: user.ID})
				return err
			},
			"add a group and delete it": func() error {
				if err := nest(t, a, g[0], g[1]); err != nil {
					return err
				}
				before := version()
				_, err := a.Identity.DeleteGroup(ctx, model.DeleteCloudUserGroupInput{CloudUserGroupID: g[1]})
				if version() == before {
					t.Error("the version stays when a member is deleted")
				}
				return err
			},
		} {
			before := version()
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if version() == before {
				t.Errorf("%s: the version stays", name)
			}
		}
		one := a.Customer(t, "one")
		if _, err := a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: uuid.MustParse(one), CloudUserGroupID: g[0]}); err != nil {
			t.Fatal(err)
		}
		before := a.Result(t, apitest.Administrator, "cloud_api_customer/getYAML?customerguid="+one)
		if _, err := a.Identity.DeleteGroup(ctx, model.DeleteCloudUserGroupInput{CloudUserGroupID: g[0]}); err != nil {
			t.Fatal(err)
		}
		after := a.Result(t, apitest.Administrator, "cloud_api_customer/getYAML?customerguid="+one)
		_, old, _ := strings.Cut(before.(string), "version:")
		if strings.Contains(after.(string), old) {
			t.Errorf("the customer's version stays when its group is deleted:\n%s\n%s", before, after)
		}
	})
}
