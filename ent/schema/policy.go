package schema

import (
	"entgo.io/ent"

	"cloudapi/ent/privacy"
	"cloudapi/ent/rule"
)

// operated is the policy of what administrators and operators change and
// everybody sees in part.
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

// grouped is the policy of groups: as operated, but only administrators decide
// who is in one.
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

// administered is the policy of what only administrators change, and people
// themselves where a rule says so.
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

// recorded is the policy of jobs: everybody's changes are recorded, refused
// ones too.
func recorded() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{rule.DenyIfNoViewer()},
	}
}

// internal is the policy of what only the server itself reads and writes.
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
