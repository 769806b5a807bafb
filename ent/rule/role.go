// Package rule has the privacy rules. A policy in ent/schema is a list of them. The fast read path (internal/fastread)
// takes its predicates from the same functions.
package rule

import (
	"context"
	"slices"

	"cloudapi/ent"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/privacy"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// DenyIfNoViewer denies everything without a viewer.
func DenyIfNoViewer() privacy.QueryMutationRule {
	return privacy.ContextQueryMutationRule(func(ctx context.Context) error {
		if viewer.FromContext(ctx) == nil {
			return fault.New(fault.Unauthenticated, "Authentication failed").Because(privacy.Deny)
		}
		return privacy.Skip
	})
}

// DenyIfReadOnly denies changes to a caller with a read-only access token.
func DenyIfReadOnly() privacy.MutationRule {
	return privacy.MutationRuleFunc(func(ctx context.Context, _ ent.Mutation) error {
		if viewer.FromContext(ctx).ReadOnly {
			return Forbidden()
		}
		return privacy.Skip
	})
}

// AllowIfAdministrator allows everything to administrators and to the server itself.
func AllowIfAdministrator() privacy.QueryMutationRule {
	return allow(viewer.Administrator)
}

// AllowIfSystem allows everything to the server itself.
func AllowIfSystem() privacy.QueryMutationRule {
	return privacy.ContextQueryMutationRule(func(ctx context.Context) error {
		if v := viewer.FromContext(ctx); v != nil && v.System {
			return privacy.Allow
		}
		return privacy.Skip
	})
}

// AllowIfOperator allows operators everything with the entity.
func AllowIfOperator() privacy.QueryMutationRule {
	return allow(viewer.Operator)
}

func allow(role viewer.Role) privacy.QueryMutationRule {
	return privacy.ContextQueryMutationRule(func(ctx context.Context) error {
		if viewer.FromContext(ctx).May(role) {
			return privacy.Allow
		}
		return privacy.Skip
	})
}

// Forbid ends a policy: it denies what no earlier rule allowed.
func Forbid() privacy.QueryMutationRule {
	return privacy.ContextQueryMutationRule(func(context.Context) error {
		return Forbidden()
	})
}

// Forbidden is the error for a signed-in caller without the right (CONTRACT.md, 1).
func Forbidden() *fault.Fault {
	return fault.New(fault.Forbidden, "Authorization failed").Because(privacy.Deny)
}

// DenyMembersByOperator allows only administrators to change who is in a group, because membership grants access to the
// customers of the group and of the groups that contain it.
func DenyMembersByOperator() privacy.MutationRule {
	return privacy.CloudUserGroupMutationRuleFunc(func(_ context.Context, m *ent.CloudUserGroupMutation) error {
		edges := slices.Concat(m.AddedEdges(), m.RemovedEdges(), m.ClearedEdges())
		if slices.ContainsFunc(edges, func(edge string) bool { return edge != cloudusergroup.EdgeCustomers }) {
			return Forbidden()
		}
		return privacy.Skip
	})
}

type ownPassword struct{}

// WithOwnPassword marks the context of a caller who has just confirmed the current password. Users may set their own
// password only then.
func WithOwnPassword(ctx context.Context) context.Context {
	return context.WithValue(ctx, ownPassword{}, true)
}

// AllowSelf allows users to create and revoke their own tokens, and to set their own password after they confirmed the
// current one.
func AllowSelf() privacy.MutationRule {
	return privacy.MutationRuleFunc(func(ctx context.Context, m ent.Mutation) error {
		v := viewer.FromContext(ctx)
		switch m := m.(type) {
		case *ent.AccessTokenMutation:
			if id, ok := m.UserID(); ok && id == v.ID {
				return privacy.Allow
			}
			if m.Op().Is(ent.OpDelete | ent.OpDeleteOne) {
				visible, _ := AccessTokens(v)
				m.Where(visible)
				return privacy.Allow
			}
		case *ent.CloudUserMutation:
			verified := ctx.Value(ownPassword{}) != nil
			if id, ok := m.ID(); ok && id == v.ID && verified && m.Op() == ent.OpUpdateOne && onlyPassword(m) {
				return privacy.Allow
			}
		}
		return privacy.Skip
	})
}

func onlyPassword(m *ent.CloudUserMutation) bool {
	for _, name := range append(m.Fields(), m.ClearedFields()...) {
		if name != "password_hash" && name != "password_is_weak" && name != "version" {
			return false
		}
	}
	return len(m.AddedEdges())+len(m.RemovedEdges())+len(m.ClearedEdges()) == 0
}
