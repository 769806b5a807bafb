package job

import (
	"slices"
	"strings"
	"unicode"
)

// The old API names an action <type>.<method>; here it is the name of a mutation: customer.setStatus is setCustomerStatus.
// Most names follow a rule: the type is the object in the mutation's name, the method is the rest. This map has the
// exceptions.
var oldNames = map[string]string{
	"addCloudUserGroup":         "customer.addCloudUserGroup",
	"addCloudUserGroups":        "customer.addCloudUserGroups",
	"removeCloudUserGroup":      "customer.removeCloudUserGroup",
	"addUserToGroup":            "cloudusergroup.addUser",
	"removeUserFromGroup":       "cloudusergroup.removeUser",
	"addGroupToGroup":           "cloudusergroup.addGroup",
	"removeGroupFromGroup":      "cloudusergroup.removeGroup",
	"setCloudUserAdministrator": "clouduser.setAdminFlag",
	"changePassword":            "clouduser.updatePassword",
}

// objectTypes are the types in the names of mutations; a name that contains another comes first.
var objectTypes = []string{"CloudUserGroup", "CloudUser", "CloudSpace", "PortalAccount", "AccessToken", "Customer", "Job"}

// oldUpdate is the old API's method for update….
const oldUpdate = "updateModelProperties"

// ActionName returns the old API's name of an action. An action without a type concerns a customer: addCapacityAvailable,
// registerDomain.
func ActionName(action string) string {
	if name, ok := oldNames[action]; ok {
		return name
	}
	for _, typ := range objectTypes {
		verb, rest, ok := strings.Cut(action, typ)
		if !ok {
			continue
		}
		if method := verb + rest; method != "update" {
			return strings.ToLower(typ) + "." + method
		}
		return strings.ToLower(typ) + "." + oldUpdate
	}
	return "customer." + action
}

// ObjectType returns the old API's type of the object that an action concerns.
func ObjectType(action string) string {
	typ, _, _ := strings.Cut(ActionName(action), ".")
	return typ
}

// Actions returns the actions with a name of the old API, none for an unknown name.
func Actions(name string) []string {
	var candidates []string
	for action := range oldNames {
		candidates = append(candidates, action)
	}
	_, method, _ := strings.Cut(name, ".")
	candidates = append(candidates, method)
	for _, typ := range objectTypes {
		candidates = append(candidates, "update"+typ)
		for i, r := range method {
			if unicode.IsUpper(r) {
				candidates = append(candidates, method[:i]+typ+method[i:])
			}
		}
		candidates = append(candidates, method+typ)
	}
	found := slices.DeleteFunc(candidates, func(action string) bool { return ActionName(action) != name })
	slices.Sort(found)
	return slices.Compact(found)
}
