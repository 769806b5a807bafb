package identity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/portalaccount"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
)

// CreatePortalAccount creates an account of the embedded portal.
func (s *Service) CreatePortalAccount(ctx context.Context, in model.CreatePortalAccountInput) (*model.CreatePortalAccountPayload, error) {
	out := &model.CreatePortalAccountPayload{}
	change, hash := s.newPortalPasswordChange("createPortalAccount", in, in.Execution, in.Password,
		s.Client.PortalAccount.Create().SetUsername(in.Username).Mutation())
	return job.Run(ctx, s.Jobs, change, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.PortalAccount, err = tx.PortalAccount.Create().SetUsername(in.Username).SetPasswordHash(*hash).Save(ctx)
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "The user name %s is taken", in.Username).On("username").Because(err)
			}
			return err
		}, job.RowAt(&out.PortalAccount))
}

// SetPortalAccountPassword sets the password of a portal account.
func (s *Service) SetPortalAccountPassword(ctx context.Context, in model.SetPortalAccountPasswordInput) (*model.SetPortalAccountPasswordPayload, error) {
	out := &model.SetPortalAccountPasswordPayload{}
	change, hash := s.newPortalPasswordChange("setPortalAccountPassword", in, in.Execution, in.Password,
		s.Client.PortalAccount.UpdateOneID(in.PortalAccountID).Mutation())
	return job.Run(ctx, s.Jobs, change, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			out.PortalAccount, err = tx.PortalAccount.UpdateOneID(in.PortalAccountID).SetPasswordHash(*hash).Save(ctx)
			return ent.Missing(err, "portalaccount", in.PortalAccountID)
		}, job.RowAt(&out.PortalAccount))
}

// DeletePortalAccount deletes a portal account, but not its domains.
func (s *Service) DeletePortalAccount(ctx context.Context, in model.DeletePortalAccountInput) (*model.DeletePortalAccountPayload, error) {
	out := &model.DeletePortalAccountPayload{PortalAccountID: in.PortalAccountID}
	return job.Run(ctx, s.Jobs, s.newPortalChange("deletePortalAccount", in, in.Execution), out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			return ent.Missing(tx.PortalAccount.DeleteOneID(in.PortalAccountID).Exec(ctx), "portalaccount", in.PortalAccountID)
		})
}

// newPortalChange returns a change of a portal account.
func (s *Service) newPortalChange(action string, input any, ex *model.ExecutionInput) job.Change {
	return job.Change{
		Action: action, Input: input, Execution: ex,
		Authorize: job.ByPolicy(portalaccount.Policy, s.Client.PortalAccount.Create().Mutation()),
	}
}

// newPortalPasswordChange returns a change that sets the password of a portal account. The password is hashed before the
// transaction.
func (s *Service) newPortalPasswordChange(
	action string, input any, ex *model.ExecutionInput, p secret.Text, m ent.Mutation,
) (job.Change, *string) {
	hash := new(string)
	change := s.newPortalChange(action, input, ex)
	change.Before = func(ctx context.Context, _ job.BeforeTx, _ uuid.UUID) (err error) {
		if err = joinFaults(m, password.Check("password", p)); err == nil {
			*hash, err = s.Passwords.Hash(ctx, p)
		}
		return err
	}
	return change, hash
}

// PasswordHash returns the hash of a portal account's password, for the embedded portal.
func (s *Service) PasswordHash(ctx context.Context, username string) (hash string, found bool, err error) {
	account, err := s.Client.PortalAccount.Query().
		Where(portalaccount.Username(username)).Only(viewer.SystemContext(ctx))
	if ent.IsNotFound(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return account.PasswordHash, true, nil
}
