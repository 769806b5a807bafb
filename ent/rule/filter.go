package rule

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/privacy"
	"cloudapi/internal/viewer"
)

// FilterVisible restricts every query to the rows that the viewer may see. Other rows do not exist for the viewer: in lists,
// counts, filters and edges.
func FilterVisible() privacy.QueryRule {
	return privacy.QueryRuleFunc(func(ctx context.Context, q ent.Query) error {
		v := viewer.FromContext(ctx)
		switch q := q.(type) {
		case *ent.CustomerQuery:
			addPredicate(v, Customers, q.Where)
		case *ent.CapacityUnitQuery:
			addPredicate(v, CapacityUnits, q.Where)
		case *ent.DomainQuery:
			addPredicate(v, Domains, q.Where)
		case *ent.CloudSpaceQuery:
			addPredicate(v, CloudSpaces, q.Where)
		case *ent.CloudUserGroupQuery:
			addPredicate(v, CloudUserGroups, q.Where)
		case *ent.CloudUserQuery:
			addPredicate(v, CloudUsers, q.Where)
		case *ent.AccessTokenQuery:
			addPredicate(v, AccessTokens, q.Where)
		case *ent.JobQuery:
			addPredicate(v, Jobs, q.Where)
		case *ent.PortalAccountQuery:
			addPredicate(v, PortalAccounts, q.Where)
		default:
			return Forbidden()
		}
		return privacy.Allow
	})
}

func addPredicate[P, Q any](v *viewer.Viewer, visible func(*viewer.Viewer) (P, bool), where func(...P) Q) {
	if p, ok := visible(v); ok {
		where(p)
	}
}
