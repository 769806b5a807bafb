package identity

import (
	"context"
	"time"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/schema/mixin"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/token"
	"cloudapi/internal/viewer"
)

// SignIn makes a session for a login and its password.
func (s *Service) SignIn(ctx context.Context, in model.SignInInput) (*model.SignInPayload, error) {
	id, err := s.SignInBy(ctx, in.Login, in.Password)
	if err != nil {
		return nil, err
	}
	system := viewer.SystemContext(ctx)
	plain, hash := token.New(token.Session)
	out := &model.SignInPayload{Token: plain.Reveal(), ExpiresAt: mixin.Now().Add(s.SessionTime)}
	if out.Viewer, err = s.Client.CloudUser.Get(system, id); err != nil {
		return nil, err
	}
	err = s.Client.AccessToken.Create().
		SetUserID(id).SetKind(accesstoken.KindSESSION).SetHash(hash).SetExpiresAt(out.ExpiresAt).
		Exec(system)
	return out, err
}

// SignOut ends the token of the request, and other sessions where asked.
func (s *Service) SignOut(ctx context.Context, in model.SignOutInput) (*model.SignOutPayload, error) {
	me, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	out := &model.SignOutPayload{}
	own := viewer.FromContext(ctx).TokenID
	out.Ended, err = s.Client.AccessToken.Delete().
		Where(accesstoken.UserID(me), accesstoken.ID(own), accesstoken.KindEQ(accesstoken.KindSESSION)).Exec(ctx)
	if err == nil && in.Everywhere {
		var others int
		others, err = endSessions(ctx, s.Client, me)
		out.Ended += others
	}
	s.Changed(ctx, me)
	return out, err
}

// CreateToken makes a personal access token for the caller.
func (s *Service) CreateToken(ctx context.Context, in model.CreateAccessTokenInput) (*model.CreateAccessTokenPayload, error) {
	me, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	plain, hash := token.New(token.Personal)
	out := &model.CreateAccessTokenPayload{Token: plain.Reveal()}
	out.Job, err = s.Jobs.Do(ctx, job.Change{Action: "createAccessToken", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if in.Name == "" {
				return fault.New(fault.Invalid, "name must not be empty").On("name")
			}
			if in.ExpiresAt != nil && !in.ExpiresAt.After(time.Now()) {
				return fault.New(fault.Invalid, "expiresAt must lie in the future").On("expiresAt")
			}
			out.AccessToken, err = tx.AccessToken.Create().
				SetUserID(me).SetKind(accesstoken.KindPERSONAL).SetName(in.Name).
				SetHash(hash).SetNillableExpiresAt(in.ExpiresAt).Save(ctx)
			return err
		})
	if err != nil {
		return nil, err
	}
	out.AccessToken = job.Settled(ctx, out.AccessToken)
	return out, nil
}

// RevokeToken ends a token that the caller may see.
func (s *Service) RevokeToken(ctx context.Context, in model.RevokeAccessTokenInput) (*model.RevokeAccessTokenPayload, error) {
	var owner *ent.AccessToken
	done, err := s.Jobs.Do(ctx, job.Change{Action: "revokeAccessToken", Input: in, Execution: in.Execution},
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			owner, err = tx.AccessToken.Get(ctx, in.AccessTokenID)
			if ent.IsNotFound(err) {
				return fault.Missing("accesstoken", in.AccessTokenID)
			}
			if err != nil {
				return err
			}
			_, err = tx.AccessToken.Delete().Where(accesstoken.ID(in.AccessTokenID)).Exec(ctx)
			return err
		})
	if err != nil {
		return nil, err
	}
	s.Changed(ctx, owner.UserID)
	return &model.RevokeAccessTokenPayload{AccessTokenID: in.AccessTokenID, Job: done}, nil
}
