package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/portalaccount"
	"cloudapi/internal/fault"
	"cloudapi/internal/identity"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/textrule"
	"cloudapi/server/api"
)

// withUser calls do with the user of a login, and then prints a text about it, in which %q is the login.
func withUser(e *env, f commandFlags, login, done string, do func(context.Context, *api.API, *ent.CloudUser) error) error {
	return withAPI(e, f, func(ctx context.Context, a *api.API) error {
		u, err := identity.ByLogin(ctx, a.Client, textrule.Fold(login))
		switch {
		case err != nil:
			return err
		case u == nil:
			return fault.New(fault.NotFound, "There is no user %q", login)
		}
		return e.report(do(ctx, a, u), done, u.Login)
	})
}

// report prints what was done to an object, or returns the error.
func (e *env) report(err error, done, name string) error {
	if err == nil && done != "" {
		_, err = fmt.Fprintf(e.out, done+"\n", name)
	}
	return err
}

type userListCommand struct {
	commandFlags
}

// Run lists the users.
func (c *userListCommand) Run(e *env) error {
	return withAPI(e, c.commandFlags, func(ctx context.Context, a *api.API) error {
		users, err := a.Client.CloudUser.Query().Order(clouduser.ByLogin(), clouduser.ByID()).All(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "LOGIN\tROLE\tSTATUS\tGUID")
		for _, u := range users {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", u.Login, u.Role, u.Status, u.ID)
		}
		return table.Flush()
	})
}

type userRoleCommand struct {
	commandFlags
	Login string `arg:"" help:"The login."`
	Role  string `arg:"" enum:"ADMINISTRATOR,OPERATOR,MEMBER" help:"The role: ADMINISTRATOR, OPERATOR or MEMBER."`
}

// Run changes the role of a user.
func (c *userRoleCommand) Run(e *env) error {
	role := clouduser.Role(c.Role)
	return withUser(e, c.commandFlags, c.Login, "%q is "+c.Role+" now", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		_, err := a.Identity.UpdateUser(ctx, model.UpdateCloudUserInput{CloudUserID: u.ID, Role: &role})
		return err
	})
}

type userDisableCommand struct {
	commandFlags
	Login string `arg:"" help:"The login."`
}

// Run disables a user.
func (c *userDisableCommand) Run(e *env) error {
	return setStatus(e, c.commandFlags, c.Login, clouduser.StatusDISABLED)
}

type userEnableCommand struct {
	commandFlags
	Login string `arg:"" help:"The login."`
}

// Run enables a user.
func (c *userEnableCommand) Run(e *env) error {
	return setStatus(e, c.commandFlags, c.Login, clouduser.StatusCONFIGURED)
}

func setStatus(e *env, f commandFlags, login string, status clouduser.Status) error {
	return withUser(e, f, login, "%q is "+string(status)+" now", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		_, err := a.Identity.UpdateUser(ctx, model.UpdateCloudUserInput{CloudUserID: u.ID, Status: &status})
		return err
	})
}

type userDeleteCommand struct {
	commandFlags
	Login string `arg:"" help:"The login."`
}

// Run deletes a user.
func (c *userDeleteCommand) Run(e *env) error {
	return withUser(e, c.commandFlags, c.Login, "Deleted %q", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		_, err := a.Identity.DeleteUser(ctx, model.DeleteCloudUserInput{CloudUserID: u.ID})
		return err
	})
}

// portalAccountCommand manages the accounts of the embedded portal.
type portalAccountCommand struct {
	List     portalListCommand     `cmd:"" help:"List the accounts."`
	Create   portalCreateCommand   `cmd:"" help:"Create an account."`
	Password portalPasswordCommand `cmd:"" help:"Set the password of an account."`
	Delete   portalDeleteCommand   `cmd:"" help:"Delete an account."`
}

type portalListCommand struct {
	commandFlags
}

// Run lists the accounts.
func (c *portalListCommand) Run(e *env) error {
	return withAPI(e, c.commandFlags, func(ctx context.Context, a *api.API) error {
		accounts, err := a.Client.PortalAccount.Query().Order(portalaccount.ByUsername(), portalaccount.ByID()).All(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(table, "USERNAME\tGUID")
		for _, account := range accounts {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", account.Username, account.ID)
		}
		return table.Flush()
	})
}

type portalCreateCommand struct {
	commandFlags
	Username string `arg:"" help:"The user name."`
}

// Run creates an account.
func (c *portalCreateCommand) Run(e *env) error {
	given, err := e.password(portalPassword)
	if err != nil {
		return err
	}
	return withAPI(e, c.commandFlags, func(ctx context.Context, a *api.API) error {
		made, err := a.Identity.CreatePortalAccount(ctx, model.CreatePortalAccountInput{Username: c.Username, Password: secret.New(given)})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "Created the portal account %q with guid %s\n", c.Username, made.PortalAccount.ID)
		return err
	})
}

type portalPasswordCommand struct {
	commandFlags
	Username string `arg:"" help:"The user name."`
}

// Run sets a password.
func (c *portalPasswordCommand) Run(e *env) error {
	given, err := e.password(portalPassword)
	if err != nil {
		return err
	}
	const done = "Set the password of the portal account %q"
	return withPortalAccount(e, c.commandFlags, c.Username, done, func(ctx context.Context, a *api.API, id uuid.UUID) error {
		_, err := a.Identity.SetPortalAccountPassword(ctx, model.SetPortalAccountPasswordInput{PortalAccountID: id, Password: secret.New(given)})
		return err
	})
}

type portalDeleteCommand struct {
	commandFlags
	Username string `arg:"" help:"The user name."`
}

// Run deletes an account.
func (c *portalDeleteCommand) Run(e *env) error {
	const done = "Deleted the portal account %q"
	return withPortalAccount(e, c.commandFlags, c.Username, done, func(ctx context.Context, a *api.API, id uuid.UUID) error {
		_, err := a.Identity.DeletePortalAccount(ctx, model.DeletePortalAccountInput{PortalAccountID: id})
		return err
	})
}

func withPortalAccount(e *env, f commandFlags, username, done string, do func(context.Context, *api.API, uuid.UUID) error) error {
	return withAPI(e, f, func(ctx context.Context, a *api.API) error {
		id, err := a.Client.PortalAccount.Query().Where(portalaccount.Username(username)).OnlyID(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no portal account %q", username)
		}
		if err != nil {
			return err
		}
		return e.report(do(ctx, a, id), done, username)
	})
}
