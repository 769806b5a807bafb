package job_test

import (
	"slices"
	"testing"

	"cloudapi/internal/job"
)

func TestActionNames(t *testing.T) {
	for action, want := range map[string]string{
		"createCustomer": "customer.create", "updateCustomer": "customer.updateModelProperties",
		"setCustomerStatus": "customer.setStatus", "addCapacityAvailable": "customer.addCapacityAvailable",
		"registerDomain": "customer.registerDomain", "addCloudUserGroup": "customer.addCloudUserGroup",
		"createCloudUserGroup": "cloudusergroup.create", "updateCloudUserGroup": "cloudusergroup.updateModelProperties",
		"addUserToGroup": "cloudusergroup.addUser", "removeGroupFromGroup": "cloudusergroup.removeGroup",
		"createCloudUser": "clouduser.create", "setCloudUserStatus": "clouduser.setStatus",
		"setCloudUserAdministrator": "clouduser.setAdminFlag", "changePassword": "clouduser.updatePassword",
		"setCloudUserPassword": "clouduser.setPassword", "createCloudSpace": "cloudspace.create",
		"setCloudSpaceStatus": "cloudspace.setStatus", "createPortalAccount": "portalaccount.create",
		"revokeAccessToken": "accesstoken.revoke", "cancelJob": "job.cancel",
	} {
		if got := job.ActionName(action); got != want {
			t.Errorf("%s is %s, want %s", action, got, want)
		}
		if got := job.Actions(want); !slices.Contains(got, action) {
			t.Errorf("%s are %v, want %s", want, got, action)
		}
	}
	for _, name := range []string{"", "customer", "machine.create", ".create"} {
		if got := job.Actions(name); len(got) > 0 {
			t.Errorf("%q are %v", name, got)
		}
	}
}
