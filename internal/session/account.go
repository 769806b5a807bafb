package session

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/job"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Accounts are the users as verifying their credentials reads them.
type Accounts struct {
	Client *ent.Client
	Jobs   *job.Recorder
	// RoleTime is how long personal access tokens of a user who signs in by an
	// issuer stay valid after the user's last token of the issuer.
	RoleTime time.Duration
}

// Account is what signing in needs to know of a cloud user.
type Account struct {
	ID       uuid.UUID
	Login    string
	Role     viewer.Role
	Disabled bool
	// ByIssuer is true where an issuer decides the role. The role counts until
	// RoleUntil.
	ByIssuer  bool
	RoleUntil time.Time
	// PasswordHash is empty for a user without a password, who signs in
	// elsewhere.
	PasswordHash string
}

// Token is an access token that is still there. It may have expired.
type Token struct {
	ID        uuid.UUID
	ExpiresAt time.Time // zero for never
	ReadOnly  bool
	Account   *Account

	lastUsed time.Time // to the hour, zero for not yet
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
	found.ReadOnly = t.Scope == accesstoken.ScopeREAD
	if t.ExpiresAt != nil {
		found.ExpiresAt = *t.ExpiresAt
	}
	if t.LastUsedAt != nil {
		found.lastUsed = *t.LastUsedAt
	}
	return found, nil
}

func account(u *ent.CloudUser) *Account {
	a := &Account{
		ID: u.ID, Login: u.Login, Role: viewer.Role(u.Role),
		Disabled: u.Status == clouduser.StatusDISABLED, PasswordHash: u.PasswordHash,
		ByIssuer: u.Issuer != nil && u.PasswordHash == "",
	}
	if u.RoleValidUntil != nil {
		a.RoleUntil = *u.RoleValidUntil
	}
	return a
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
