package identity

import (
	"context"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/job"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/session"
)

// Link allows an account of an OpenID Connect issuer to sign in as a user.
func (s *Service) Link(ctx context.Context, in model.LinkCloudUserInput) (*model.LinkCloudUserPayload, error) {
	out := &model.LinkCloudUserPayload{}
	return changeUser(ctx, s,
		s.newUserChange("linkCloudUser", in, in.Execution, s.Client.CloudUser.UpdateOneID(in.CloudUserID).SetIssuer(in.Issuer).Mutation()), in.CloudUserID, nil,
		func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
			up.SetIssuer(in.Issuer).SetSubject(in.Subject).ClearRoleStatedAt().ClearRoleValidUntil()
			other, err := tx.CloudUser.Query().
				Where(clouduser.Issuer(in.Issuer), clouduser.Subject(in.Subject), clouduser.IDNEQ(in.CloudUserID)).Only(ctx)
			if err == nil {
				return fault.New(fault.Conflict, "This account of the issuer belongs to the user %s; unlink or delete that user first", other.Login).On("subject")
			}
			return ent.MaskNotFound(err)
		}, out, &out.CloudUser, &out.Job)
}

// Unlink removes the account of an issuer from a user, and revokes the user's tokens.
func (s *Service) Unlink(ctx context.Context, in model.UnlinkCloudUserInput) (*model.UnlinkCloudUserPayload, error) {
	out := &model.UnlinkCloudUserPayload{}
	return changeUser(ctx, s,
		s.newUserChange("unlinkCloudUser", in, in.Execution, s.Client.CloudUser.UpdateOneID(in.CloudUserID).ClearIssuer().Mutation()), in.CloudUserID, nil,
		func(ctx context.Context, tx *ent.Client, up *ent.CloudUserUpdateOne) error {
			up.ClearIssuer().ClearSubject().ClearRoleStatedAt().ClearRoleValidUntil()
			_, err := session.End(ctx, tx, in.CloudUserID, true)
			return err
		}, out, &out.CloudUser, &out.Job)
}

// Merged is a user that tokens of an issuer could sign in as, or change, in earlier versions, which did not separate the
// users of issuers from local ones.
type Merged struct {
	User   *ent.CloudUser
	Reason string
	Tokens int
}

// ListMerged returns the users that an administrator must decide about: those without a password and without an issuer,
// which tokens of an issuer have created, and those with a password whose role such a token has changed.
func (s *Service) ListMerged(ctx context.Context) ([]Merged, error) {
	users, err := s.Client.CloudUser.Query().Where(clouduser.IssuerIsNil()).
		Order(clouduser.ByLogin()).All(ctx)
	if err != nil {
		return nil, err
	}
	// Only tokens of an issuer have changed users as the server itself.
	changes, err := s.Client.Job.Query().
		Where(job.Action("updateCloudUser"), job.UserIDIsNil(), job.StatusEQ(job.StatusDONE)).All(ctx)
	if err != nil {
		return nil, err
	}
	changed := map[string]bool{}
	for _, j := range changes {
		if id, ok := j.Parameters["cloudUserId"].(string); ok {
			changed[id] = true
		}
	}
	var merged []Merged
	for _, u := range users {
		m := Merged{User: u}
		switch {
		case u.PasswordHash == "":
			m.Reason = "made by a token of an issuer"
		case changed[u.ID.String()]:
			m.Reason = "has a password, and its role was changed by a token of an issuer"
		default:
			continue
		}
		if m.Tokens, err = u.QueryAccessTokens().Count(ctx); err != nil {
			return nil, err
		}
		merged = append(merged, m)
	}
	return merged, nil
}
