package main

import (
	"context"
	"fmt"
	"text/tabwriter"

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

// withUser calls do with the user of a login.
func withUser(e *env, d databaseFlags, l logFlags, login string, do func(context.Context, *api.API, *ent.CloudUser) error) error {
	return withAPI(e, d, l, func(ctx context.Context, a *api.API) error {
		u, err := identity.ByLogin(ctx, a.Client, textrule.Fold(login))
		if err != nil {
			return err
		}
		if u == nil {
			return fault.New(fault.NotFound, "There is no user %q", login)
		}
		return do(ctx, a, u)
	})
}

type userListCommand struct {
	databaseFlags
	logFlags
}

// Run lists the users.
func (c *userListCommand) Run(e *env) error {
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
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
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
	Role  string `arg:"" enum:"ADMINISTRATOR,OPERATOR,MEMBER" help:"The role: ADMINISTRATOR, OPERATOR or MEMBER."`
}

// Run changes the role of a user.
func (c *userRoleCommand) Run(e *env) error {
	role := clouduser.Role(c.Role)
	return withUser(e, c.databaseFlags, c.logFlags, c.Login, func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		if _, err := a.Identity.UpdateUser(ctx, model.UpdateCloudUserInput{CloudUserID: u.ID, Role: &role}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "%q is %s now\n", u.Login, c.Role)
		return err
	})
}

type userDisableCommand struct {
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
}

// Run disables a user.
func (c *userDisableCommand) Run(e *env) error {
	return setStatus(e, c.databaseFlags, c.logFlags, c.Login, clouduser.StatusDISABLED)
}

type userEnableCommand struct {
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
}

// Run enables a user.
func (c *userEnableCommand) Run(e *env) error {
	return setStatus(e, c.databaseFlags, c.logFlags, c.Login, clouduser.StatusCONFIGURED)
}

func setStatus(e *env, d databaseFlags, l logFlags, login string, status clouduser.Status) error {
	return withUser(e, d, l, login, func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		if _, err := a.Identity.UpdateUser(ctx, model.UpdateCloudUserInput{CloudUserID: u.ID, Status: &status}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "%q is %s now\n", u.Login, status)
		return err
	})
}

type userDeleteCommand struct {
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
}

// Run deletes a user.
func (c *userDeleteCommand) Run(e *env) error {
	return withUser(e, c.databaseFlags, c.logFlags, c.Login, func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		if _, err := a.Identity.DeleteUser(ctx, model.DeleteCloudUserInput{CloudUserID: u.ID}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "Deleted %q\n", u.Login)
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
	databaseFlags
	logFlags
}

// Run lists the accounts.
func (c *portalListCommand) Run(e *env) error {
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
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
	databaseFlags
	logFlags
	Username string `arg:"" help:"The user name."`
}

// Run creates an account.
func (c *portalCreateCommand) Run(e *env) error {
	given, err := e.password(portalPassword)
	if err != nil {
		return err
	}
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
		made, err := a.Identity.CreatePortalAccount(ctx, model.CreatePortalAccountInput{Username: c.Username, Password: secret.New(given)})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "Created the portal account %q with guid %s\n", c.Username, made.PortalAccount.ID)
		return err
	})
}

type portalPasswordCommand struct {
	databaseFlags
	logFlags
	Username string `arg:"" help:"The user name."`
}

// Run sets a password.
func (c *portalPasswordCommand) Run(e *env) error {
	given, err := e.password(portalPassword)
	if err != nil {
		return err
	}
	return withPortalAccount(e, c.databaseFlags, c.logFlags, c.Username, func(ctx context.Context, a *api.API, account *ent.PortalAccount) error {
		in := model.SetPortalAccountPasswordInput{PortalAccountID: account.ID, Password: secret.New(given)}
		if _, err := a.Identity.SetPortalAccountPassword(ctx, in); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "Set the password of the portal account %q\n", account.Username)
		return err
	})
}

type portalDeleteCommand struct {
	databaseFlags
	logFlags
	Username string `arg:"" help:"The user name."`
}

// Run deletes an account.
func (c *portalDeleteCommand) Run(e *env) error {
	return withPortalAccount(e, c.databaseFlags, c.logFlags, c.Username, func(ctx context.Context, a *api.API, account *ent.PortalAccount) error {
		if _, err := a.Identity.DeletePortalAccount(ctx, model.DeletePortalAccountInput{PortalAccountID: account.ID}); err != nil {
			return err
		}
		_, err := fmt.Fprintf(e.out, "Deleted the portal account %q\n", account.Username)
		return err
	})
}

func withPortalAccount(e *env, d databaseFlags, l logFlags, username string, do func(context.Context, *api.API, *ent.PortalAccount) error) error {
	return withAPI(e, d, l, func(ctx context.Context, a *api.API) error {
		account, err := a.Client.PortalAccount.Query().Where(portalaccount.Username(username)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, "There is no portal account %q", username)
		}
		if err != nil {
			return err
		}
		return do(ctx, a, account)
	})
}
