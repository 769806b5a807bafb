package main

import (
	"context"
	"fmt"

	"cloudapi/ent"
	"cloudapi/internal/model"
	"cloudapi/server/api"
)

type userLinkCommand struct {
	commandFlags
	Login   string `arg:"" help:"The login."`
	Issuer  string `arg:"" help:"The issuer: exactly the claim iss of its tokens."`
	Subject string `arg:"" help:"The account at the issuer: exactly the claim sub of its tokens."`
}

// Run links a user to an account of an issuer.
func (c *userLinkCommand) Run(e *env) error {
	return withUser(e, c.commandFlags, c.Login, "", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		if _, err := a.Identity.Link(ctx, model.LinkCloudUserInput{CloudUserID: u.ID, Issuer: c.Issuer, Subject: c.Subject}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "The account %q of %s signs in as %q\n", c.Subject, c.Issuer, u.Login)
		return err
	})
}

type userUnlinkCommand struct {
	commandFlags
	Login string `arg:"" help:"The login."`
}

// Run unlinks a user from an account of an issuer.
func (c *userUnlinkCommand) Run(e *env) error {
	return withUser(e, c.commandFlags, c.Login, "No account of an issuer signs in as %q", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		_, err := a.Identity.Unlink(ctx, model.UnlinkCloudUserInput{CloudUserID: u.ID})
		return err
	})
}

type userMergedCommand struct {
	commandFlags
}

// Run lists the users that an administrator must decide about.
func (c *userMergedCommand) Run(e *env) error {
	return withAPI(e, c.commandFlags, func(ctx context.Context, a *api.API) error {
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
