package job

import (
	"slices"
	"strings"
	"unicode"
)

// The old API names an action <type>.<method>, ours is the name of a mutation:
// customer.setStatus is setCustomerStatus. Most names follow from each other:
// the type is the object in our name, the method is what is left. These do not.
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

// objectTypes are the types as they stand in names of mutations; one that
// contains another comes first.
var objectTypes = []string{"CloudUserGroup", "CloudUser", "CloudSpace", "PortalAccount", "AccessToken", "Customer", "Job"}

// What update… is called in the old API.
const oldUpdate = "updateModelProperties"

// ActionName is an action in the words of the old API. An action that names no
// type is about a customer: addCapacityAvailable, registerDomain.
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

// ObjectType is the type in the words of the old API of the object that an
// action is about.
func ObjectType(action string) string {
	typ, _, _ := strings.Cut(ActionName(action), ".")
	return typ
}

// Actions are the actions that have a name in the words of the old API, none for
// a name that no action has.
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
