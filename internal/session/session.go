// Package session signs users in and out and manages their access tokens. It also reads what the verification of credentials
// needs: accounts by login, by token and by the account of an OpenID Connect issuer.
package session

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/rule"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/stamp"
	"cloudapi/internal/token"
	"cloudapi/internal/viewer"
)

// Verify checks a login and its password with the limits of every sign-in, and returns the guid of the user.
type Verify func(ctx context.Context, login string, password secret.Text) (uuid.UUID, error)

// Service signs users in and out and manages their tokens.
type Service struct {
	Client *ent.Client
	Jobs   *job.Recorder
	Verify Verify
	// Changed is called when the tokens of a user have changed.
	Changed func(ctx context.Context, userID uuid.UUID)
	// Time is how long a session lasts.
	Time time.Duration
}

// SignIn creates a session for a login and its password.
func (s *Service) SignIn(ctx context.Context, in model.SignInInput) (*model.SignInPayload, error) {
	id, err := s.Verify(ctx, in.Login, in.Password)
	if err != nil {
		return nil, err
	}
	system := viewer.SystemContext(ctx)
	plain, hash := token.New(token.Session)
	out := &model.SignInPayload{Token: plain.Reveal(), ExpiresAt: stamp.Now().Add(s.Time)}
	if out.Viewer, err = s.Client.CloudUser.Get(system, id); err != nil {
		return nil, err
	}
	err = s.Client.AccessToken.Create().
		SetUserID(id).SetKind(accesstoken.KindSESSION).SetHash(hash).SetExpiresAt(out.ExpiresAt).
		Exec(system)
	if err == nil {
		err = s.endOldSessions(system, id)
	}
	return out, err
}

// maxSessions is how many sessions a user may have. A new one ends the oldest.
const maxSessions = 1000

// endOldSessions ends the sessions of a user that are too many, oldest first.
func (s *Service) endOldSessions(ctx context.Context, user uuid.UUID) error {
	old, err := s.Client.AccessToken.Query().
		Where(accesstoken.UserID(user), accesstoken.KindEQ(accesstoken.KindSESSION)).
		Order(ent.Desc(accesstoken.FieldID)).Offset(maxSessions).Limit(maxSessions).IDs(ctx)
	if err != nil || len(old) == 0 {
		return err
	}
	if _, err := s.Client.AccessToken.Delete().Where(accesstoken.IDIn(old...)).Exec(ctx); err != nil {
		return err
	}
	s.Changed(ctx, user)
	return nil
}

// SignOut revokes the token of the request, and other sessions if requested.
func (s *Service) SignOut(ctx context.Context, in model.SignOutInput) (*model.SignOutPayload, error) {
	caller, err := rule.Caller(ctx)
	if err != nil {
		return nil, err
	}
	end := s.Client.AccessToken.Delete().Where(accesstoken.UserID(caller), accesstoken.KindEQ(accesstoken.KindSESSION))
	if !in.Everywhere {
		end.Where(accesstoken.ID(viewer.FromContext(ctx).TokenID))
	}
	out := &model.SignOutPayload{}
	out.Ended, err = end.Exec(ctx)
	s.Changed(ctx, caller)
	return out, err
}

// End revokes the sessions of a user, and its personal tokens too if all is true. It returns the number of revoked tokens.
func End(ctx context.Context, tx *ent.Client, userID uuid.UUID, all bool) (int, error) {
	end := tx.AccessToken.Delete().Where(accesstoken.UserID(userID))
	if !all {
		end.Where(accesstoken.KindEQ(accesstoken.KindSESSION))
	}
	return end.Exec(ctx)
}
