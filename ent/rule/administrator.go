package rule

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/hook"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// KeepAdministrator is a hook of cloud users. It rejects a change that would leave no administrator who can sign in with a
// password. Users of an OpenID Connect issuer do not count: the issuer may change their role at any time.
func KeepAdministrator() ent.Hook {
	keep := func(next ent.Mutator) ent.Mutator {
		return hook.CloudUserFunc(func(ctx context.Context, m *ent.CloudUserMutation) (ent.Value, error) {
			if mayRemoveAdministrator(m) {
				if err := ensureAnotherAdministrator(ctx, m); err != nil {
					return nil, err
				}
			}
			return next.Mutate(ctx, m)
		})
	}
	return hook.On(keep, ent.OpUpdate|ent.OpUpdateOne|ent.OpDelete|ent.OpDeleteOne)
}

// mayRemoveAdministrator reports whether a change could remove an administrator.
func mayRemoveAdministrator(m *ent.CloudUserMutation) bool {
	if m.Op().Is(ent.OpDelete | ent.OpDeleteOne) {
		return true
	}
	role, setsRole := m.Role()
	status, setsStatus := m.Status()
	hash, setsHash := m.PasswordHash()
	return setsRole && role != clouduser.RoleADMINISTRATOR ||
		setsStatus && status == clouduser.StatusDISABLED ||
		setsHash && hash == ""
}

// ensureAnotherAdministrator locks the rows of all administrators in the order of their guids and counts those that remain
// after the change. The lock makes concurrent changes wait for each other at every isolation level. Without it, two
// PostgreSQL transactions could each remove an administrator and still see the other's. SQLite has one writer at a time.
func ensureAnotherAdministrator(ctx context.Context, m *ent.CloudUserMutation) error {
	changed, err := m.IDs(ctx)
	if err != nil {
		return err
	}
	query := m.Client().CloudUser.Query().Where(
		clouduser.RoleEQ(clouduser.RoleADMINISTRATOR), clouduser.StatusNEQ(clouduser.StatusDISABLED),
		clouduser.PasswordHashNEQ(""), ent.ForUpdate).Order(clouduser.ByID())
	administrators, err := query.All(viewer.SystemContext(ctx))
	if err != nil {
		return err
	}
	remaining := len(administrators)
	for _, administrator := range administrators {
		for _, id := range changed {
			if administrator.ID == id {
				remaining--
			}
		}
	}
	if remaining == 0 && len(administrators) > 0 {
		return fault.New(fault.Conflict, "The last administrator must stay").On("cloudUserId")
	}
	return nil
}
