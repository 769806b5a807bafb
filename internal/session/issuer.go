package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Claim is what a verified token of an OpenID Connect issuer says of its user.
type Claim struct {
	// Issuer and Subject identify the user (OpenID Connect Core, 5.7). Nothing
	// else does.
	Issuer, Subject string
	// Login is the name to show, made unique with the name of the issuer.
	Login string
	// Role is empty where the issuer gives none.
	Role     viewer.Role
	IssuedAt time.Time
	Expires  time.Time
}

// AccountByClaim returns the account of an issuer's user, nil where there is none
// and the issuer gives it no role. A new user is created, without a password.
// Where the claim is newer than the last one, the role follows it: changed is
// true, and so is what was remembered of the user out of date.
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
		if err := s.follow(ctx, u, c); err != nil {
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

// newer reports whether a claim was made after the last one that was seen. Of
// two that were made in the same second the narrower one counts.
func newer(c Claim, u *ent.CloudUser) bool {
	if u.RoleStatedAt == nil || c.IssuedAt.After(*u.RoleStatedAt) {
		return true
	}
	return c.IssuedAt.Equal(*u.RoleStatedAt) && c.Role.Rank() < viewer.Role(u.Role).Rank() &&
		(c.Role != "" || u.RoleValidUntil.After(*u.RoleStatedAt))
}

// roleUntil is until when the role of a claim counts: not at all where it gives
// none.
func (s *Accounts) roleUntil(c Claim) time.Time {
	if c.Role == "" {
		return c.IssuedAt
	}
	until := mixin.Now().Add(s.RoleTime)
	if c.Expires.After(until) {
		until = c.Expires.UTC()
	}
	return until
}

// follow writes down what a claim says. A role that changes is a job.
func (s *Accounts) follow(ctx context.Context, u *ent.CloudUser, c Claim) error {
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

// maxLogin is the longest login, in characters.
const maxLogin = 255

// provision creates the user of a claim. Its login contains a colon, which no
// login of this program does. Where an older login is the same, or another user
// of the issuer has the same name, a part of the subject's hash makes it unique.
func (s *Accounts) provision(ctx context.Context, c Claim) (*ent.CloudUser, error) {
	sum := sha256.Sum256([]byte(c.Issuer + "\x00" + c.Subject))
	mark := "~" + hex.EncodeToString(sum[:8])
	for _, login := range []string{shorten(c.Login, maxLogin), shorten(c.Login, maxLogin-len(mark)) + mark} {
		err := s.create(ctx, login, c)
		if err != nil && !fault.Is(err, fault.Conflict) {
			return nil, err
		}
		// After a conflict another request, or another server, may have been faster.
		if u, err := s.bySubject(ctx, c); err != nil || u != nil {
			return u, err
		}
	}
	return nil, fault.New(fault.Conflict, "No login is free for this user of the issuer")
}

func shorten(text string, limit int) string {
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
