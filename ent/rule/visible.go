package rule

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/ent/job"
	"cloudapi/ent/portalaccount"
	"cloudapi/ent/predicate"
	"cloudapi/internal/viewer"
)

// Each function returns the predicate for the rows that a viewer may see, and true; or false if the viewer may see all rows,
// so that no predicate is needed.

// Customers: a member sees those that its groups are linked to (see memberOf).
func Customers(v *viewer.Viewer) (predicate.Customer, bool) {
	if v.May(viewer.Administrator, viewer.Operator) {
		return nil, false
	}
	return customer.HasCloudUserGroupsWith(memberOf(v.ID)), true
}

// CapacityUnits: those of visible customers.
func CapacityUnits(v *viewer.Viewer) (predicate.CapacityUnit, bool) {
	c, ok := Customers(v)
	if !ok {
		return nil, false
	}
	return capacityunit.HasCustomerWith(c), true
}

// Domains: those of visible customers.
func Domains(v *viewer.Viewer) (predicate.Domain, bool) {
	c, ok := Customers(v)
	if !ok {
		return nil, false
	}
	return domain.HasCustomerWith(c), true
}

// CloudSpaces: those of visible customers.
func CloudSpaces(v *viewer.Viewer) (predicate.CloudSpace, bool) {
	c, ok := Customers(v)
	if !ok {
		return nil, false
	}
	return cloudspace.HasCustomerWith(c), true
}

// CloudUserGroups: a member sees its own (see memberOf).
func CloudUserGroups(v *viewer.Viewer) (predicate.CloudUserGroup, bool) {
	if v.May(viewer.Administrator, viewer.Operator) {
		return nil, false
	}
	return memberOf(v.ID), true
}

// CloudUsers: only an administrator sees others.
func CloudUsers(v *viewer.Viewer) (predicate.CloudUser, bool) {
	if v.May(viewer.Administrator) {
		return nil, false
	}
	return clouduser.ID(v.ID), true
}

// AccessTokens: only an administrator sees those of others.
func AccessTokens(v *viewer.Viewer) (predicate.AccessToken, bool) {
	if v.May(viewer.Administrator) {
		return nil, false
	}
	return accesstoken.UserID(v.ID), true
}

// Jobs: an operator sees the jobs of customers and its own jobs. A member sees the jobs of its customers and its own jobs. A
// subscription also shows a member the job that deleted one of its customers.
func Jobs(v *viewer.Viewer) (predicate.Job, bool) {
	switch {
	case v.May(viewer.Administrator):
		return nil, false
	case v.May(viewer.Operator):
		return job.Or(job.CustomerIDNotNil(), job.UserID(v.ID)), true
	case v.DeletedByJob != uuid.Nil:
		return job.Or(jobOf(v.ID), job.UserID(v.ID), job.ID(v.DeletedByJob)), true
	default:
		return job.Or(jobOf(v.ID), job.UserID(v.ID)), true
	}
}

// PortalAccounts: only an administrator sees them.
func PortalAccounts(v *viewer.Viewer) (predicate.PortalAccount, bool) {
	if v.May(viewer.Administrator) {
		return nil, false
	}
	return portalaccount.And(portalaccount.UsernameIn()), true
}

// IsOwnJob reports whether the viewer is the job's user or an administrator. Such a viewer may cancel the job, and sees all of its
// parameters.
func IsOwnJob(ctx context.Context, j *ent.Job) bool {
	v := viewer.FromContext(ctx)
	return v.May(viewer.Administrator) || v != nil && j.UserID != nil && *j.UserID == v.ID
}

// MaySeeResult reports whether the viewer may see the result of a job. A deleted customer's last form has the guids of all of its
// groups: only the job's user and the roles that see every group may see it.
func MaySeeResult(ctx context.Context, j *ent.Job) bool {
	return IsOwnJob(ctx, j) || viewer.FromContext(ctx).May(viewer.Operator)
}
