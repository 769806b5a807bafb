package rule

import "cloudapi/internal/viewer"

// LeastRole is the narrowest role that may run a mutation of the schema. Mutations that are not listed need an
// administrator. It decides only whether a stored answer may be sent again; policies decide about each change.
func LeastRole(mutation string) viewer.Role {
	switch mutation {
	case "signIn", "signOut", "changePassword", "createAccessToken", "revokeAccessToken", "revokeAccessTokens", "cancelJob":
		return viewer.Member
	case "createCustomer", "updateCustomer", "setCustomerStatus", "deleteCustomer",
		"addCapacityAvailable", "removeCapacityAvailable", "addCapacityConsumed", "removeCapacityConsumed",
		"addCapacityUnits", "setCustomerStatuses", "addCloudUserGroups", "addCloudUserGroup", "removeCloudUserGroup", "registerDomain", "unregisterDomain",
		"createCloudSpace", "updateCloudSpace", "setCloudSpaceStatus", "deleteCloudSpace",
		"createCloudUserGroup", "updateCloudUserGroup", "deleteCloudUserGroup":
		return viewer.Operator
	}
	return viewer.Administrator
}

// MayRepeat reports whether a viewer's current role allows a mutation.
func MayRepeat(v *viewer.Viewer, mutation string) bool {
	return v != nil && !v.ReadOnly && v.Role.Rank() >= LeastRole(mutation).Rank()
}
