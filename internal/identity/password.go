package identity

import (
	"context"
	"slices"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/rule"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/session"
	"cloudapi/internal/viewer"

	"github.com/google/uuid"
)

// hashPassword checks a new password against the rules and hashes it.
func (s *Service) hashPassword(ctx context.Context, field string, p secret.Text) (string, error) {
	if err := password.Check(field, p); err != nil {
		return "", err
	}
	return s.Passwords.Hash(ctx, p)
}

// joinFaults returns the faults of a mutation's fields as one error, and the errors of other rules for fields without such a
// fault.
func joinFaults(m ent.Mutation, others ...error) error {
	faults := ent.Faults(m)
	for _, err := range others {
		if err == nil {
			continue
		}
		f := fault.As(err)
		if !slices.ContainsFunc(faults, func(other *fault.Fault) bool { return other.Field == f.Field }) {
			faults = append(faults, f)
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return fault.All(faults...)
}

// SetPassword sets a user's password and revokes its sessions and, by default, its personal access tokens.
func (s *Service) SetPassword(ctx context.Context, in model.SetCloudUserPasswordInput) (*model.SetCloudUserPasswordPayload, error) {
	out := &model.SetCloudUserPasswordPayload{}
	return replacePassword(ctx, s, s.newPasswordChange("setCloudUserPassword", in, in.Execution, in.CloudUserID), in.CloudUserID,
		nil, !in.KeepAccessTokens, "password", in.Password, out, &out.CloudUser, &out.Job)
}

// ChangePassword changes a password after checking the current one, and revokes the sessions of its user: the caller, or any
// user if the caller is an administrator.
func (s *Service) ChangePassword(ctx context.Context, in model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	caller, err := rule.Caller(ctx)
	if err != nil {
		return nil, err
	}
	user := caller
	if in.CloudUserID != nil {
		user = *in.CloudUserID
	}
	out := &model.ChangePasswordPayload{}
	change := s.newPasswordChange("changePassword", in, in.Execution, user)
	login, authorize := viewer.FromContext(ctx).Login, change.Authorize
	change.Authorize = func(ctx context.Context) error {
		if user != caller {
			// A user that the caller may not see does not exist for it.
			other, err := s.Client.CloudUser.Get(ctx, user)
			if err != nil {
				return ent.Missing(err, "clouduser", user)
			}
			login = other.Login
		}
		return authorize(ctx)
	}
	// The current password has the same limits against guessing as signing in.
	verified := func(ctx context.Context) error {
		id, err := s.Verify(ctx, login, in.CurrentPassword)
		if fault.Is(err, fault.Unauthenticated) || err == nil && id != user {
			return fault.New(fault.Invalid, "Invalid current password").On("currentPassword").Because(err)
		}
		return err
	}
	return replacePassword(rule.WithOwnPassword(ctx), s, change, user,
		verified, false, "newPassword", in.NewPassword, out, &out.CloudUser, &out.Job)
}

// newPasswordChange returns a change of a user's password.
func (s *Service) newPasswordChange(action string, input any, ex *model.ExecutionInput, id uuid.UUID) job.Change {
	return s.newUserChange(action, input, ex, s.Client.CloudUser.UpdateOneID(id).SetPasswordHash("").Mutation())
}

// replacePassword sets a user's password. It calls check, unless that is nil, and hashes before the transaction begins. It
// revokes the sessions of the user, and also its personal access tokens if endTokens is true.
func replacePassword[P any](ctx context.Context, s *Service, c job.Change, id uuid.UUID,
	check func(context.Context) error, endTokens bool, field string, p secret.Text,
	payload *P, changed **ent.CloudUser, done **ent.Job,
) (*P, error) {
	var hash string
	c.Before = func(ctx context.Context, _ job.BeforeTx, _ uuid.UUID) (err error) {
		if check != nil {
			if err := check(ctx); err != nil {
				return err
			}
		}
		hash, err = s.hashPassword(ctx, field, p)
		return err
	}
	return changeUser(ctx, s, c, id, nil, func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
		up.SetPasswordHash(hash).SetPasswordIsWeak(false)
		_, err := session.End(ctx, tx, id, endTokens)
		return err
	}, payload, changed, done)
}

// ByLogin returns the user with a login, ignoring case, nil if it does not exist.
func ByLogin(ctx context.Context, client *ent.Client, fold string) (*ent.CloudUser, error) {
	u, err := client.CloudUser.Query().Where(clouduser.LoginFold(fold)).Only(ctx)
	return u, ent.MaskNotFound(err)
}
