package fastread_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// fill makes customers with everything that hangs on them; some belong to the
// member.
func fill(t *testing.T, a *apitest.API) []string {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	member, err := a.Client.CloudUser.Query().All(ctx)
	must(err)
	var groups []uuid.UUID
	for i := range 4 {
		g, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: fmt.Sprintf("group %d", i)})
		must(err)
		groups = append(groups, g.CloudUserGroup.ID)
		for j, u := range member {
			if (i+j)%2 == 0 {
				_, err := a.Identity.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: g.CloudUserGroup.ID, CloudUserID: u.ID})
				must(err)
			}
		}
	}
	var ids []string
	for i := range 12 {
		city := []string{"", "Ghent", `Qu"ote\`, "Zürich\n<b>"}[i%4]
		c, err := a.Customers.Create(ctx, model.CreateCustomerInput{Name: fmt.Sprintf("%c customer %d 😀", 'a'+i*5%7, i), City: &city})
		must(err)
		id := c.Customer.ID
		ids = append(ids, id.String())
		for j := range i % 5 {
			types := []capacityunit.Type{capacityunit.TypeWV, capacityunit.TypeCU, capacityunit.TypeNUIPPORTS}
			_, err := a.Capacity.AddAvailable(ctx, model.AddCapacityAvailableInput{CustomerID: id, Amount: 1<<53 - 1, Type: types[j%3], Name: &city})
			must(err)
			_, err = a.Capacity.AddConsumed(ctx, model.AddCapacityConsumedInput{CustomerID: id, Amount: int64(j + 1), Type: types[(j+1)%3]})
			must(err)
			_, err = a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
				CustomerID: id, Username: apitest.PortalAccount, Password: secret.New(apitest.PortalSecret), Domain: fmt.Sprintf("d%d-%d.example", i, j),
			})
			must(err)
			parent, err := a.Customers.CreateSpace(ctx, model.CreateCloudSpaceInput{CustomerID: id, Name: fmt.Sprintf("space %d", j)})
			must(err)
			_, err = a.Customers.CreateSpace(ctx, model.CreateCloudSpaceInput{CustomerID: id, Name: "child", ParentID: &parent.CloudSpace.ID})
			must(err)
		}
		for j := range i % 3 {
			_, err := a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: id, CloudUserGroupID: groups[(i+j)%4]})
			must(err)
		}
	}
	return ids
}
