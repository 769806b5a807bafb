package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/stamp"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Claim is the content of a verified token of an OpenID Connect issuer.
type Claim struct {
	// Issuer and Subject identify the user (OpenID Connect Core, 5.7). No other claim does.
	Issuer, Subject string
	// Login is the displayed name, made unique by the name of the issuer.
	Login string
	// Role is empty if the token grants none.
	Role     viewer.Role
	IssuedAt time.Time
	Expires  time.Time
}

// AccountByClaim returns the account of an issuer's user. It returns nil if there is none and the token grants no role;
// otherwise it creates the user, without a password. If the token is newer than the last one, it updates the user's role;
// changed is then true, and cached values of the user are invalid.
func (s *Accounts) AccountByClaim(ctx context.Context, c Claim) (found *Account, changed bool, err error) {
	ctx = viewer.SystemContext(ctx)
	u, err := s.bySubject(ctx, c)
	if err != nil {
		return nil, false, err
	}
	if u == nil {
		if c.Role == "" {
			return nil, false, nil
		}
		if u, err = s.provision(ctx, c); err != nil || u == nil {
			return nil, false, err
		}
	}
	if u.PasswordHash == "" && newer(c, u) {
		if err := s.applyRole(ctx, u, c); err != nil {
			return nil, false, store.Fault(err)
		}
		changed = true
		if u, err = s.bySubject(ctx, c); err != nil || u == nil {
			return nil, changed, err
		}
	}
	return account(u), changed, nil
}

func (s *Accounts) bySubject(ctx context.Context, c Claim) (*ent.CloudUser, error) {
	u, err := s.Client.CloudUser.Query().
		Where(clouduser.Issuer(c.Issuer), clouduser.Subject(c.Subject)).Only(ctx)
	return u, store.Fault(ent.MaskNotFound(err))
}

// newer reports whether a token was issued after the last one seen. Of two tokens from the same second, the one with the
// narrower role applies.
func newer(c Claim, u *ent.CloudUser) bool {
	if u.RoleStatedAt == nil || c.IssuedAt.After(*u.RoleStatedAt) {
		return true
	}
	return c.IssuedAt.Equal(*u.RoleStatedAt) && c.Role.Rank() < viewer.Role(u.Role).Rank() &&
		(c.Role != "" || u.RoleValidUntil.After(*u.RoleStatedAt))
}

// roleUntil returns until when the role of a claim applies, the zero time if it has none.
func (s *Accounts) roleUntil(c Claim) time.Time {
	if c.Role == "" {
		return c.IssuedAt
	}
	until := stamp.Now().Add(s.RoleTime)
	if c.Expires.After(until) {
		until = c.Expires.UTC()
	}
	return until
}

// applyRole stores the role of a claim. If it changes the role, that creates a job.
func (s *Accounts) applyRole(ctx context.Context, u *ent.CloudUser, c Claim) error {
	write := func(ctx context.Context, client *ent.Client) error {
		up := client.CloudUser.Update().
			Where(clouduser.ID(u.ID), clouduser.PasswordHash(""),
				clouduser.Or(clouduser.RoleStatedAtIsNil(), clouduser.RoleStatedAtLTE(c.IssuedAt))).
			SetRoleStatedAt(c.IssuedAt).SetRoleValidUntil(s.roleUntil(c))
		if c.Role != "" {
			up.SetRole(clouduser.Role(c.Role))
		}
		return up.Exec(ctx)
	}
	if c.Role == viewer.Role(u.Role) {
		return write(ctx, s.Client)
	}
	in := map[string]any{"cloudUserId": u.ID, "role": c.Role}
	_, err := s.Jobs.Do(ctx, job.Change{Action: "updateCloudUser", Input: in},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error { return write(ctx, tx) })
	return err
}

// provision creates the user of a claim. Its login contains a colon, which no local login does. If an older login is equal,
// or another user of the issuer has the same name, a part of the subject's hash makes it unique.
func (s *Accounts) provision(ctx context.Context, c Claim) (*ent.CloudUser, error) {
	sum := sha256.Sum256([]byte(c.Issuer + "\x00" + c.Subject))
	suffix := "~" + hex.EncodeToString(sum[:8])
	for _, login := range []string{truncate(c.Login, textrule.MaxName), truncate(c.Login, textrule.MaxName-len(suffix)) + suffix} {
		err := s.create(ctx, login, c)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return nil, err
		}
		// After a conflict, another request or server may have created the user.
		if u, err := s.bySubject(ctx, c); err != nil || u != nil {
			return u, err
		}
	}
	return nil, fault.New(fault.Conflict, "No login is free for this user of the issuer")
}

func truncate(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit])
	}
	return text
}

func (s *Accounts) create(ctx context.Context, login string, c Claim) error {
	_, err := s.Jobs.Do(ctx, job.Change{Action: "provisionCloudUser", Input: map[string]any{"login": login, "role": c.Role}},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			err := tx.CloudUser.Create().SetLogin(login).SetLoginFold(textrule.Fold(login)).
				SetIssuer(c.Issuer).SetSubject(c.Subject).SetRole(clouduser.Role(c.Role)).
				SetRoleStatedAt(c.IssuedAt).SetRoleValidUntil(s.roleUntil(c)).Exec(ctx)
			if ent.IsConstraintError(err) {
				return fault.New(fault.Conflict, "The login %s is taken", login).On("login").Because(err)
			}
			return err
		})
	return err
}
