package fastread

import (
	"entgo.io/ent/dialect/sql"

	"cloudapi/ent"
	"cloudapi/ent/rule"
	"cloudapi/internal/viewer"
)

// entity is an object type of schema.graphqls, with the rule for its visible rows.
type entity struct {
	ent.Entity
	visible func(*viewer.Viewer, *sql.Selector)
}

// graph returns the entities, which are generated from ent's schema, with the rules of ent's policies. An entity without a rule
// is not covered.
func graph() map[string]*entity {
	rules := map[string]func(*viewer.Viewer, *sql.Selector){
		"AccessToken":    narrow(rule.AccessTokens),
		"CapacityUnit":   narrow(rule.CapacityUnits),
		"CloudSpace":     narrow(rule.CloudSpaces),
		"CloudUser":      narrow(rule.CloudUsers),
		"CloudUserGroup": narrow(rule.CloudUserGroups),
		"Customer":       narrow(rule.Customers),
		"Domain":         narrow(rule.Domains),
		"Job":            narrow(rule.Jobs),
		"PortalAccount":  narrow(rule.PortalAccounts),
	}
	all := map[string]*entity{}
	for _, e := range ent.Entities() {
		if visible, ok := rules[e.Name]; ok {
			all[e.Name] = &entity{Entity: e, visible: visible}
		}
	}
	return all
}

func narrow[P ~func(*sql.Selector)](visible func(*viewer.Viewer) (P, bool)) func(*viewer.Viewer, *sql.Selector) {
	return func(v *viewer.Viewer, s *sql.Selector) {
		if p, ok := visible(v); ok {
			p(s)
		}
	}
}
