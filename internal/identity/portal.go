package identity

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/portalaccount"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
)

// CreatePortalAccount makes an account at the embedded portal.
func (s *Service) CreatePortalAccount(ctx context.Context, in model.CreatePortalAccountInput) (*model.CreatePortalAccountPayload, error) {
	out := &model.CreatePortalAccountPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: "createPortalAccount", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			row := tx.PortalAccount.Create().SetUsername(in.Username)
			if err := portalaccount.Policy.EvalMutation(ctx, row.Mutation()); err != nil {
				return err
			}
			hash, err := s.hash(ctx, "password", in.Password)
			if err != nil {
				return err
			}
			out.PortalAccount, err = row.SetPasswordHash(hash).Save(ctx)
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "The user name %s is taken", in.Username).On("username").Because(err)
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	out.PortalAccount = job.Settled(ctx, out.PortalAccount)
	return out, nil
}

// SetPortalAccountPassword sets the password of a portal account.
func (s *Service) SetPortalAccountPassword(ctx context.Context, in model.SetPortalAccountPasswordInput) (*model.SetPortalAccountPasswordPayload, error) {
	out := &model.SetPortalAccountPasswordPayload{}
	var err error
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: "setPortalAccountPassword", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			up := tx.PortalAccount.UpdateOneID(in.PortalAccountID)
			if err := portalaccount.Policy.EvalMutation(ctx, up.Mutation()); err != nil {
				return err
			}
			hash, err := s.hash(ctx, "password", in.Password)
			if err != nil {
				return err
			}
			out.PortalAccount, err = up.SetPasswordHash(hash).Save(ctx)
			return missingAccount(err, in.PortalAccountID)
		})
	if err != nil {
		return nil, err
	}
	out.PortalAccount = job.Settled(ctx, out.PortalAccount)
	return out, nil
}

// DeletePortalAccount deletes a portal account; its domains stay.
func (s *Service) DeletePortalAccount(ctx context.Context, in model.DeletePortalAccountInput) (*model.DeletePortalAccountPayload, error) {
	done, err := s.Jobs.Do(ctx, job.Change{Action: "deletePortalAccount", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			return missingAccount(tx.PortalAccount.DeleteOneID(in.PortalAccountID).Exec(ctx), in.PortalAccountID)
		})
	if err != nil {
		return nil, err
	}
	return &model.DeletePortalAccountPayload{PortalAccountID: in.PortalAccountID, Job: done}, nil
}

func missingAccount(err error, id uuid.UUID) error {
	if ent.IsNotFound(err) {
		return fault.Missing("portalaccount", id)
	}
	return err
}

// PasswordHash returns the hash of a portal account's password, for the
// embedded portal.
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
