package schema

import (
	"entgo.io/ent"

	"cloudapi/ent/privacy"
	"cloudapi/ent/rule"
)

// operated is the policy of entities that administrators and operators change; members read some of them.
func operated() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{
			rule.DenyIfNoViewer(), rule.DenyIfReadOnly(), rule.AllowIfAdministrator(), rule.AllowIfOperator(), rule.Forbid(),
		},
	}
}

// grouped is the policy of groups: as operated, but only administrators change the members.
func grouped() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{
			rule.DenyIfNoViewer(), rule.DenyIfReadOnly(), rule.AllowIfAdministrator(), rule.DenyMembersByOperator(), rule.AllowIfOperator(), rule.Forbid(),
		},
	}
}

// administered is the policy of entities that only administrators change, except where a rule allows it to users for
// themselves.
func administered() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{
			rule.DenyIfNoViewer(), rule.DenyIfReadOnly(), rule.AllowIfAdministrator(), rule.AllowSelf(), rule.Forbid(),
		},
	}
}

// recorded is the policy of jobs: every change is recorded, also a rejected one.
func recorded() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{rule.DenyIfNoViewer()},
	}
}

// internal is the policy of entities that only the server itself reads and writes.
func internal() ent.Policy {
	return privacy.Policy{
		Query:    privacy.QueryPolicy{rule.AllowIfSystem(), rule.Forbid()},
		Mutation: privacy.MutationPolicy{rule.AllowIfSystem(), rule.Forbid()},
	}
}

// Policy of the Customer.
func (Customer) Policy() ent.Policy { return operated() }

// Policy of the CapacityUnit.
func (CapacityUnit) Policy() ent.Policy { return operated() }

// Policy of the Domain.
func (Domain) Policy() ent.Policy { return operated() }

// Policy of the CloudSpace.
func (CloudSpace) Policy() ent.Policy { return operated() }

// Policy of the CloudUserGroup.
func (CloudUserGroup) Policy() ent.Policy { return grouped() }

// Policy of the CloudUser.
func (CloudUser) Policy() ent.Policy { return administered() }

// Policy of the AccessToken.
func (AccessToken) Policy() ent.Policy { return administered() }

// Policy of the PortalAccount.
func (PortalAccount) Policy() ent.Policy { return administered() }

// Policy of the Job.
func (Job) Policy() ent.Policy { return recorded() }

// Policy of the IdempotencyKey.
func (IdempotencyKey) Policy() ent.Policy { return internal() }

// Policy of the ServerKey.
func (ServerKey) Policy() ent.Policy { return internal() }
