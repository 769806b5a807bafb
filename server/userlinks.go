package main

import (
	"context"
	"fmt"

	"cloudapi/ent"
	"cloudapi/internal/fault"
	"cloudapi/internal/identity"
	"cloudapi/internal/model"
	"cloudapi/internal/textrule"
	"cloudapi/server/api"
)

func userByLogin(ctx context.Context, a *api.API, login string) (*ent.CloudUser, error) {
	u, err := identity.ByLogin(ctx, a.Client, textrule.Fold(login))
	if err == nil && u == nil {
		err = fault.New(fault.NotFound, "There is no user %q", login)
	}
	return u, err
}

type userLinkCommand struct {
	databaseFlags
	logFlags
	Login   string `arg:"" help:"The login."`
	Issuer  string `arg:"" help:"The issuer: exactly the claim iss of its tokens."`
	Subject string `arg:"" help:"The account at the issuer: exactly the claim sub of its tokens."`
}

// Run links a user to an account of an issuer.
func (c *userLinkCommand) Run(e *env) error {
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
		u, err := userByLogin(ctx, a, c.Login)
		if err != nil {
			return err
		}
		_, err = a.Identity.Link(ctx, model.LinkCloudUserInput{CloudUserID: u.ID, Issuer: c.Issuer, Subject: c.Subject})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "The account %q of %s signs in as %q\n", c.Subject, c.Issuer, u.Login)
		return err
	})
}

type userUnlinkCommand struct {
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
}

// Run unlinks a user from an account of an issuer.
func (c *userUnlinkCommand) Run(e *env) error {
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
		u, err := userByLogin(ctx, a, c.Login)
		if err != nil {
			return err
		}
		if _, err = a.Identity.Unlink(ctx, model.UnlinkCloudUserInput{CloudUserID: u.ID}); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "No account of an issuer signs in as %q\n", u.Login)
		return err
	})
}

type userMergedCommand struct {
	databaseFlags
	logFlags
}

// Run lists the users that an administrator must decide about.
func (c *userMergedCommand) Run(e *env) error {
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
		merged, err := a.Identity.ListMerged(ctx)
		if err != nil {
			return err
		}
		for _, m := range merged {
			_, err := fmt.Fprintf(e.out, "%s  %q  %s %s, %d tokens: %s\n", m.User.ID, m.User.Login, m.User.Role, m.User.Status, m.Tokens, m.Reason)
			if err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(e.out, `%d users. For each of them decide: give it to an account of the issuer (cloudapi user link),
make it a user of this program (cloudapi user password), or disable or delete it (updateCloudUser,
deleteCloudUser). End its tokens if you do not know who made them (revokeAccessTokens).
`, len(merged))
		return err
	})
}
