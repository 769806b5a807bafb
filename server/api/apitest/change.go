package apitest

import (
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
)

// Rename changes the name of a customer.
func (a *API) Rename(t testing.TB, id, name string) {
	t.Helper()
	_, err := a.Customers.Update(viewer.SystemContext(t.Context()), model.UpdateCustomerInput{CustomerID: uuid.MustParse(id), Name: &name})
	must(t, err)
}

// UserID returns the guid of a user.
func (a *API) UserID(t testing.TB, login string) uuid.UUID {
	t.Helper()
	id, err := a.Client.CloudUser.Query().Where(clouduser.Login(login)).OnlyID(viewer.SystemContext(t.Context()))
	must(t, err)
	return id
}

// Group creates a group with a user and a link to a customer, and returns the guids of the user and the group.
func (a *API) Group(t testing.TB, customerID, login string) (user, group uuid.UUID) {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	made, err := a.Identity.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: "group of " + login})
	must(t, err)
	user, group = a.UserID(t, login), made.CloudUserGroup.ID
	_, err = a.Identity.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: group, CloudUserID: user})
	must(t, err)
	a.AddGroup(t, customerID, group)
	return user, group
}

// AddGroup links a group to a customer.
func (a *API) AddGroup(t testing.TB, customerID string, group uuid.UUID) {
	t.Helper()
	_, err := a.Customers.AddGroup(viewer.SystemContext(t.Context()), model.AddCloudUserGroupInput{CustomerID: uuid.MustParse(customerID), CloudUserGroupID: group})
	must(t, err)
}
