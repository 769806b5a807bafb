package session

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Accounts are the users as verifying their credentials reads them.
type Accounts struct {
	Client *ent.Client
	Jobs   *job.Recorder
}

// Account is what signing in needs to know of a cloud user.
type Account struct {
	ID       uuid.UUID
	Login    string
	Role     viewer.Role
	Disabled bool
	// PasswordHash is empty for a user without a password, who signs in
	// elsewhere.
	PasswordHash string
}

// Token is an access token that is still there. It may have expired.
type Token struct {
	ID        uuid.UUID
	ExpiresAt time.Time // zero for never
	Account   *Account
}

// AccountByLogin returns the account with that login in any case, nil where
// there is none.
func (s *Accounts) AccountByLogin(ctx context.Context, login string) (*Account, error) {
	u, err := s.Client.CloudUser.Query().
		Where(clouduser.LoginFold(textrule.Fold(login))).Only(viewer.SystemContext(ctx))
	if err != nil {
		return nil, store.Fault(ent.MaskNotFound(err))
	}
	return account(u), nil
}

// AccountByToken returns the token with that hash, nil where there is none.
func (s *Accounts) AccountByToken(ctx context.Context, hash []byte) (*Token, error) {
	t, err := s.Client.AccessToken.Query().
		Where(accesstoken.Hash(hash)).WithUser().Only(viewer.SystemContext(ctx))
	if err != nil {
		return nil, store.Fault(ent.MaskNotFound(err))
	}
	found := &Token{ID: t.ID, Account: account(t.Edges.User)}
	if t.ExpiresAt != nil {
		found.ExpiresAt = *t.ExpiresAt
	}
	return found, nil
}

func account(u *ent.CloudUser) *Account {
	return &Account{
		ID: u.ID, Login: u.Login, Role: viewer.Role(u.Role),
		Disabled: u.Status == clouduser.StatusDISABLED, PasswordHash: u.PasswordHash,
	}
}

// Rehashed keeps a newer hash of the same password, unless the password has
// changed meanwhile. It does nothing within a transaction, which would wait for
// itself; the next sign-in makes up for it.
func (s *Accounts) Rehashed(ctx context.Context, id uuid.UUID, old, renewed string) error {
	if ent.TxFromContext(ctx) != nil {
		return nil
	}
	_, err := s.Client.CloudUser.Update().
		Where(clouduser.ID(id), clouduser.PasswordHash(old)).
		SetPasswordHash(renewed).Save(viewer.SystemContext(ctx))
	return store.Fault(err)
}

// Provision returns the account of somebody whom an issuer vouches for, with
// the role that it gives. Who was never here gets a cloud user without a
// password, so that groups, tokens and jobs have somebody to refer to.
func (s *Accounts) Provision(ctx context.Context, login string, role viewer.Role) (*Account, error) {
	ctx = viewer.SystemContext(ctx)
	found, err := s.AccountByLogin(ctx, login)
	if err != nil {
		return nil, err
	}
	if found == nil {
		if err := s.provision(ctx, login, clouduser.Role(role)); err != nil && !fault.Is(err, fault.Conflict) {
			return nil, err
		}
		// Another request, or another server, may have been faster.
		if found, err = s.AccountByLogin(ctx, login); err != nil || found == nil {
			return nil, err
		}
	}
	if found.Role != role && !found.Disabled {
		if err := s.follow(ctx, found.ID, clouduser.Role(role)); err != nil {
			return nil, err
		}
		found.Role = role
	}
	return found, nil
}

// follow gives a user the role that its issuer says.
func (s *Accounts) follow(ctx context.Context, id uuid.UUID, role clouduser.Role) error {
	in := model.UpdateCloudUserInput{CloudUserID: id, Role: &role}
	_, err := s.Jobs.Do(ctx, job.Change{Action: "updateCloudUser", Input: in},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			return tx.CloudUser.UpdateOneID(id).SetRole(role).Exec(ctx)
		})
	return err
}

func (s *Accounts) provision(ctx context.Context, login string, role clouduser.Role) error {
	_, err := s.Jobs.Do(ctx, job.Change{Action: "provisionCloudUser", Input: map[string]any{"login": login, "role": role}},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			err := tx.CloudUser.Create().SetLogin(login).SetLoginFold(textrule.Fold(login)).SetRole(role).Exec(ctx)
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "The login %s is taken", login).On("login").Because(err)
			}
			return err
		})
	return err
}
