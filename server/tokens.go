package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// tokenCommand manages personal access tokens.
type tokenCommand struct {
	Create tokenCreateCommand `cmd:"" help:"Create a personal access token for a user, and print it."`
	List   tokenListCommand   `cmd:"" help:"List the tokens and sessions of a user."`
	Revoke tokenRevokeCommand `cmd:"" help:"Revoke a token or session."`
}

type tokenCreateCommand struct {
	commandFlags
	Login string        `arg:"" help:"The login of the user."`
	Name  string        `arg:"" help:"The name of the token."`
	For   time.Duration `name:"for" env:"-" help:"How long the token is valid, for example 720h. By default it never expires."`
}

// Run creates a token, with the rights of its user.
func (c *tokenCreateCommand) Run(e *env) error {
	if c.For < 0 {
		return fault.New(fault.Invalid, "--for must be more than 0, not %v", c.For)
	}
	return withUser(e, c.commandFlags, c.Login, "", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		in := model.CreateAccessTokenInput{Name: c.Name}
		if c.For > 0 {
			end := time.Now().Add(c.For).UTC()
			in.ExpiresAt = &end
		}
		ctx = viewer.NewContext(ctx, &viewer.Viewer{ID: u.ID, Login: u.Login, Role: viewer.Role(u.Role)})
		made, err := a.Sessions.CreateToken(ctx, in)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(e.errors, "Token %q of %q, shown this once:\n", c.Name, u.Login)
		_, err = fmt.Fprintln(e.out, made.Token)
		return err
	})
}

type tokenListCommand struct {
	commandFlags
	Login string `arg:"" help:"The login of the user."`
}

// Run lists tokens.
func (c *tokenListCommand) Run(e *env) error {
	return withUser(e, c.commandFlags, c.Login, "", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		tokens, err := a.Client.AccessToken.Query().Where(accesstoken.UserID(u.ID)).Order(accesstoken.ByCreatedAt(), accesstoken.ByID()).All(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "GUID\tKIND\tCREATED\tEXPIRES\tNAME")
		for _, t := range tokens {
			expires := "never"
			if t.ExpiresAt != nil {
				expires = t.ExpiresAt.UTC().Format(appliedLayout)
			}
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Kind, t.CreatedAt.UTC().Format(appliedLayout), expires, t.Name)
		}
		return table.Flush()
	})
}

type tokenRevokeCommand struct {
	commandFlags
	GUID string `arg:"" name:"guid" help:"The guid of the token, as shown by token list."`
}

// Run revokes a token.
func (c *tokenRevokeCommand) Run(e *env) error {
	id, err := uuid.Parse(c.GUID)
	if err != nil {
		return fault.New(fault.Invalid, "%q is not a guid", c.GUID)
	}
	return withAPI(e, c.commandFlags, func(ctx context.Context, a *api.API) error {
		if _, err := a.Sessions.RevokeToken(ctx, model.RevokeAccessTokenInput{AccessTokenID: id}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "Revoked %s\n", id)
		return err
	})
}
