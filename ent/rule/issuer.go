package rule

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/hook"
	"cloudapi/internal/fault"
	"cloudapi/internal/viewer"
)

// KeepIssuersRole is a hook of cloud users. A user who signs in only through an OpenID Connect issuer has the role in the
// issuer's last token and gets no password until an administrator unlinks the user.
func KeepIssuersRole() ent.Hook {
	keep := func(next ent.Mutator) ent.Mutator {
		return hook.CloudUserFunc(func(ctx context.Context, m *ent.CloudUserMutation) (ent.Value, error) {
			_, setsRole := m.Role()
			_, setsPassword := m.PasswordHash()
			_, byIssuer := m.RoleStatedAt()
			if byIssuer || m.IssuerCleared() || !setsRole && !setsPassword {
				return next.Mutate(ctx, m)
			}
			if err := rejectIssuerManaged(ctx, m, setsRole); err != nil {
				return nil, err
			}
			return next.Mutate(ctx, m)
		})
	}
	return hook.On(keep, ent.OpUpdate|ent.OpUpdateOne)
}

func rejectIssuerManaged(ctx context.Context, m *ent.CloudUserMutation, setsRole bool) error {
	ids, err := m.IDs(ctx)
	if err != nil {
		return err
	}
	managed, err := m.Client().CloudUser.Query().
		Where(clouduser.IDIn(ids...), clouduser.IssuerNotNil(), clouduser.PasswordHash("")).
		Exist(viewer.SystemContext(ctx))
	switch {
	case err != nil || !managed:
		return err
	case setsRole:
		return fault.New(fault.Conflict, "The role of this user is what its issuer says; disable or unlink the user instead").On("role")
	default:
		return fault.New(fault.Conflict, "This user signs in by its issuer; unlink it before it gets a password").On("password")
	}
}
