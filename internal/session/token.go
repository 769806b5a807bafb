package session

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/rule"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/token"
	"cloudapi/internal/viewer"
)

// CreateToken creates a personal access token for the caller.
func (s *Service) CreateToken(ctx context.Context, in model.CreateAccessTokenInput) (*model.CreateAccessTokenPayload, error) {
	caller, err := rule.Caller(ctx)
	if err != nil {
		return nil, err
	}
	plain, hash := token.New(token.Personal)
	out := &model.CreateAccessTokenPayload{Token: plain.Reveal()}
	return job.Run(ctx, s.Jobs, job.Change{
		Action: "createAccessToken", Input: in, Execution: in.Execution, OnlyWrites: true,
		Authorize: job.ByPolicy(accesstoken.Policy, s.Client.AccessToken.Create().SetUserID(caller).Mutation()),
	}, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if in.Name == "" {
				return fault.New(fault.Invalid, "name must not be empty").On("name")
			}
			if in.ExpiresAt != nil && !in.ExpiresAt.After(time.Now()) {
				return fault.New(fault.Invalid, "expiresAt must lie in the future").On("expiresAt")
			}
			if err := checkExpiry(ctx, tx, in.ExpiresAt); err != nil {
				return err
			}
			if err := checkTokenCount(ctx, tx, caller); err != nil {
				return err
			}
			out.AccessToken, err = tx.AccessToken.Create().
				SetUserID(caller).SetKind(accesstoken.KindPERSONAL).SetName(in.Name).SetScope(cmp.Or(in.Scope, accesstoken.DefaultScope)).
				SetHash(hash).SetNillableExpiresAt(in.ExpiresAt).Save(ctx)
			return err
		}, job.RowAt(&out.AccessToken))
}

// checkExpiry fails if the caller uses a personal access token and the new one would expire later. A session may create
// tokens that outlive it.
func checkExpiry(ctx context.Context, tx *ent.Client, expires *time.Time) error {
	caller := viewer.FromContext(ctx)
	if caller == nil || caller.TokenID == uuid.Nil {
		return nil
	}
	used, err := tx.AccessToken.Query().
		Where(accesstoken.ID(caller.TokenID), accesstoken.KindEQ(accesstoken.KindPERSONAL), accesstoken.ExpiresAtNotNil()).Only(viewer.SystemContext(ctx))
	if err != nil {
		return ent.MaskNotFound(err)
	}
	if expires == nil || expires.After(*used.ExpiresAt) {
		return fault.New(fault.Invalid, "expiresAt must not be later than %s, when the token of this request expires",
			used.ExpiresAt.UTC().Format(time.RFC3339)).On("expiresAt")
	}
	return nil
}

// maxTokens is how many valid personal access tokens a user may have.
const maxTokens = 100

// checkTokenCount fails with CONFLICT if the user has maxTokens valid tokens. Concurrent calls may together exceed that
// number.
func checkTokenCount(ctx context.Context, tx *ent.Client, user uuid.UUID) error {
	n, err := tx.AccessToken.Query().Where(accesstoken.UserID(user), accesstoken.KindEQ(accesstoken.KindPERSONAL),
		accesstoken.Or(accesstoken.ExpiresAtIsNil(), accesstoken.ExpiresAtGT(time.Now()))).Count(ctx)
	if err == nil && n >= maxTokens {
		err = fault.New(fault.Conflict, "You have %d access tokens, which is the most a user may have: revoke one first", n)
	}
	return err
}

// RevokeToken revokes a token that the caller may see.
func (s *Service) RevokeToken(ctx context.Context, in model.RevokeAccessTokenInput) (*model.RevokeAccessTokenPayload, error) {
	out := &model.RevokeAccessTokenPayload{AccessTokenID: in.AccessTokenID}
	var owner *ent.AccessToken
	visible := func(ctx context.Context, client *ent.Client) (err error) {
		owner, err = client.AccessToken.Get(ctx, in.AccessTokenID)
		return ent.Missing(err, "accesstoken", in.AccessTokenID)
	}
	return job.Run(ctx, s.Jobs, job.Change{
		Action: "revokeAccessToken", Input: in, Execution: in.Execution,
		Authorize: func(ctx context.Context) error { return visible(ctx, s.Client) },
	}, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
			if err := visible(ctx, tx); err != nil {
				return err
			}
			_, err := tx.AccessToken.Delete().Where(accesstoken.ID(in.AccessTokenID)).Exec(ctx)
			return err
		}, func(ctx context.Context) { s.Changed(ctx, owner.UserID) })
}

// RevokeTokens revokes all sessions and personal tokens of a user that the caller may see.
func (s *Service) RevokeTokens(ctx context.Context, in model.RevokeAccessTokensInput) (*model.RevokeAccessTokensPayload, error) {
	out := &model.RevokeAccessTokensPayload{}
	visible := func(ctx context.Context, client *ent.Client) error {
		found, err := client.CloudUser.Query().Where(clouduser.ID(in.CloudUserID)).Exist(ctx)
		if err == nil && !found {
			err = fault.Missing("clouduser", in.CloudUserID)
		}
		return err
	}
	return job.Run(ctx, s.Jobs, job.Change{
		Action: "revokeAccessTokens", Input: in, Execution: in.Execution,
		Authorize: func(ctx context.Context) error { return visible(ctx, s.Client) },
	}, out, &out.Job,
		func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
			if err := visible(ctx, tx); err != nil {
				return err
			}
			out.Revoked, err = End(ctx, tx, in.CloudUserID, true)
			return err
		}, func(ctx context.Context) { s.Changed(ctx, in.CloudUserID) })
}
