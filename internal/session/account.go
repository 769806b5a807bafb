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

// Accounts reads users for the verification of credentials.
type Accounts struct {
	Client *ent.Client
	Jobs   *job.Recorder
	// RoleTime is how long personal access tokens of a user of an issuer stay valid after the user's last token of the
	// issuer.
	RoleTime time.Duration
}

// Account has the fields of a cloud user that sign-in needs.
type Account struct {
	ID       uuid.UUID
	Login    string
	Role     viewer.Role
	Disabled bool
	// ByIssuer is true if an issuer determines the role. The role applies until RoleUntil.
	ByIssuer  bool
	RoleUntil time.Time
	// PasswordHash is empty for a user without a password, who signs in by other means.
	PasswordHash string
}

// Token is a stored access token. It may have expired.
type Token struct {
	ID        uuid.UUID
	ExpiresAt time.Time // zero for never
	ReadOnly  bool
	Account   *Account

	lastUsed time.Time // to the hour, zero for never
}

// AccountByLogin returns the account with a login, ignoring case, nil if it does not exist.
func (s *Accounts) AccountByLogin(ctx context.Context, login string) (*Account, error) {
	u, err := s.Client.CloudUser.Query().
		Where(clouduser.LoginFold(textrule.Fold(login))).Only(viewer.SystemContext(ctx))
	if err != nil {
		return nil, store.Fault(ent.MaskNotFound(err))
	}
	return account(u), nil
}

// AccountByToken returns the token with a hash, nil if it does not exist.
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

// StoreRehash stores a newer hash of the same password, unless the password has changed meanwhile. Within a transaction it does
// nothing, because it would wait for that transaction; the next sign-in tries again.
func (s *Accounts) StoreRehash(ctx context.Context, id uuid.UUID, old, renewed string) error {
	if ent.TxFromContext(ctx) != nil {
		return nil
	}
	_, err := s.Client.CloudUser.Update().
		Where(clouduser.ID(id), clouduser.PasswordHash(old)).
		SetPasswordHash(renewed).Save(viewer.SystemContext(ctx))
	return store.Fault(err)
}
