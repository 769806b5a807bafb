package schema

import (
	"entgo.io/ent"

	"cloudapi/ent/privacy"
	"cloudapi/ent/rule"
)

// operatorPolicy is the policy of entities that administrators and operators change; members read some of them.
func operatorPolicy() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{
			rule.DenyIfNoViewer(), rule.DenyIfReadOnly(), rule.AllowIfAdministrator(), rule.AllowIfOperator(), rule.Forbid(),
		},
	}
}

// groupPolicy is operatorPolicy, except that only administrators change the members.
func groupPolicy() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{
			rule.DenyIfNoViewer(), rule.DenyIfReadOnly(), rule.AllowIfAdministrator(), rule.DenyMembersByOperator(), rule.AllowIfOperator(), rule.Forbid(),
		},
	}
}

// administratorPolicy is the policy of entities that only administrators change, except where a rule allows it to users for
// themselves.
func administratorPolicy() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{
			rule.DenyIfNoViewer(), rule.DenyIfReadOnly(), rule.AllowIfAdministrator(), rule.AllowSelf(), rule.Forbid(),
		},
	}
}

// jobPolicy is the policy of jobs: every change is recorded, also a rejected one.
func jobPolicy() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			rule.DenyIfNoViewer(), rule.AllowIfAdministrator(), rule.FilterVisible(),
		},
		Mutation: privacy.MutationPolicy{rule.DenyIfNoViewer()},
	}
}

// systemPolicy is the policy of entities that only the server itself reads and writes.
func systemPolicy() ent.Policy {
	return privacy.Policy{
		Query:    privacy.QueryPolicy{rule.AllowIfSystem(), rule.Forbid()},
		Mutation: privacy.MutationPolicy{rule.AllowIfSystem(), rule.Forbid()},
	}
}

// Policy of the Customer.
func (Customer) Policy() ent.Policy { return operatorPolicy() }

// Policy of the CapacityUnit.
func (CapacityUnit) Policy() ent.Policy { return operatorPolicy() }

// Policy of the Domain.
func (Domain) Policy() ent.Policy { return operatorPolicy() }

// Policy of the CloudSpace.
func (CloudSpace) Policy() ent.Policy { return operatorPolicy() }

// Policy of the CloudUserGroup.
func (CloudUserGroup) Policy() ent.Policy { return groupPolicy() }

// Policy of the CloudUser.
func (CloudUser) Policy() ent.Policy { return administratorPolicy() }

// Policy of the AccessToken.
func (AccessToken) Policy() ent.Policy { return administratorPolicy() }

// Policy of the PortalAccount.
func (PortalAccount) Policy() ent.Policy { return administratorPolicy() }

// Policy of the Job.
func (Job) Policy() ent.Policy { return jobPolicy() }

// Policy of the IdempotencyKey.
func (IdempotencyKey) Policy() ent.Policy { return systemPolicy() }

// Policy of the ServerKey.
func (ServerKey) Policy() ent.Policy { return systemPolicy() }
