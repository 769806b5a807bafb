package identity

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"

	"github.com/google/uuid"
)

// hash checks a new password against the rules and hashes it.
func (s *Service) hash(ctx context.Context, field string, p secret.Text) (string, error) {
	if err := password.Check(field, p); err != nil {
		return "", err
	}
	return s.Passwords.Hash(ctx, p)
}

// SetPassword sets a user's password and ends its sessions.
func (s *Service) SetPassword(ctx context.Context, in model.SetCloudUserPasswordInput) (*model.SetCloudUserPasswordPayload, error) {
	out := &model.SetCloudUserPasswordPayload{}
	var err error
	out.CloudUser, out.Job, err = s.changeUser(ctx,
		job.Change{Action: "setCloudUserPassword", Input: in, Execution: in.Execution}, in.CloudUserID,
		func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
			if !viewer.FromContext(ctx).May(viewer.Administrator) {
				return forbidden()
			}
			return s.replace(ctx, tx, up, in.CloudUserID, "password", in.Password)
		})
	return out, err
}

// ChangePassword changes a password whose current value is known, and ends the
// sessions of its user: the caller, or, for an administrator, anybody.
func (s *Service) ChangePassword(ctx context.Context, in model.ChangePasswordInput) (*model.ChangePasswordPayload, error) {
	me, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	if in.CloudUserID != nil {
		me = *in.CloudUserID
	}
	out := &model.ChangePasswordPayload{}
	out.CloudUser, out.Job, err = s.changeUser(ctx,
		job.Change{Action: "changePassword", Input: in, Execution: in.Execution}, me,
		func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
			// A user that the caller may not see is missing.
			u, err := tx.CloudUser.Get(ctx, me)
			if ent.IsNotFound(err) {
				return fault.Missing("clouduser", me)
			}
			if err != nil {
				return err
			}
			ok, err := s.Passwords.Verify(ctx, u.PasswordHash, in.CurrentPassword)
			if err != nil {
				return err
			}
			if !ok {
				return fault.New(fault.Invalid, "Invalid current password").On("currentPassword")
			}
			return s.replace(ctx, tx, up, me, "newPassword", in.NewPassword)
		})
	return out, err
}

func (s *Service) replace(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne,
	id uuid.UUID, field string, p secret.Text,
) error {
	hash, err := s.hash(ctx, field, p)
	if err != nil {
		return err
	}
	up.SetPasswordHash(hash)
	_, err = endSessions(ctx, tx, id)
	return err
}

func endSessions(ctx context.Context, tx *ent.Client, id uuid.UUID) (int, error) {
	return tx.AccessToken.Delete().
		Where(accesstoken.UserID(id), accesstoken.KindEQ(accesstoken.KindSESSION)).
		Exec(ctx)
}

// caller is the guid of who is asking; the server itself has none.
func caller(ctx context.Context) (uuid.UUID, error) {
	v := viewer.FromContext(ctx)
	if v == nil {
		return uuid.Nil, fault.New(fault.Unauthenticated, "Authentication failed")
	}
	if v.ID == uuid.Nil {
		return uuid.Nil, forbidden()
	}
	return v.ID, nil
}

func forbidden() *fault.Fault { return fault.New(fault.Forbidden, "Authorization failed") }

// ByLogin returns the user with that login in any case, nil where there is none.
func ByLogin(ctx context.Context, client *ent.Client, fold string) (*ent.CloudUser, error) {
	u, err := client.CloudUser.Query().Where(clouduser.LoginFold(fold)).Only(ctx)
	return u, ent.MaskNotFound(err)
}
