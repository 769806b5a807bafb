package main

import (
	"context"
	"fmt"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// userCommand manages users.
type userCommand struct {
	List     userListCommand     `cmd:"" help:"List the cloud users."`
	Create   userCreateCommand   `cmd:"" help:"Create a cloud user."`
	Role     userRoleCommand     `cmd:"" help:"Change the role of a cloud user."`
	Disable  userDisableCommand  `cmd:"" help:"Disable a cloud user."`
	Enable   userEnableCommand   `cmd:"" help:"Enable a cloud user."`
	Delete   userDeleteCommand   `cmd:"" help:"Delete a cloud user."`
	Password userPasswordCommand `cmd:"" help:"Set the password of a cloud user, and end its sessions and personal access tokens."`
	Link     userLinkCommand     `cmd:"" help:"Let an account of an OpenID Connect issuer sign in as a cloud user."`
	Unlink   userUnlinkCommand   `cmd:"" help:"Unlink a cloud user from an account of an issuer, and revoke the user's tokens."`
	Merged   userMergedCommand   `cmd:"" help:"List the users that tokens of an issuer could sign in as in earlier versions."`
}

type userCreateCommand struct {
	commandFlags
	Login string `arg:"" help:"The login."`
	Role  string `enum:"ADMINISTRATOR,OPERATOR,MEMBER" default:"MEMBER" help:"The role: ADMINISTRATOR, OPERATOR or MEMBER."`
}

// Run creates a user.
func (c *userCreateCommand) Run(e *env) error {
	given, err := e.password(userPassword)
	if err != nil {
		return err
	}
	return withAPI(e, c.commandFlags, func(ctx context.Context, a *api.API) error {
		role := clouduser.Role(c.Role)
		made, err := a.Identity.CreateUser(ctx, model.CreateCloudUserInput{
			Login: c.Login, Password: secret.New(given), Role: &role,
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "Created %s %q with guid %s\n", c.Role, c.Login, made.CloudUser.ID)
		return err
	})
}

type userPasswordCommand struct {
	commandFlags
	KeepTokens bool   `help:"Leave the personal access tokens of the user valid."`
	Login      string `arg:"" help:"The login."`
}

// Run sets a password.
func (c *userPasswordCommand) Run(e *env) error {
	given, err := e.password(userPassword)
	if err != nil {
		return err
	}
	return withUser(e, c.commandFlags, c.Login, "Set the password of %q", func(ctx context.Context, a *api.API, u *ent.CloudUser) error {
		_, err := a.Identity.SetPassword(ctx, model.SetCloudUserPasswordInput{
			CloudUserID: u.ID, Password: secret.New(given), KeepAccessTokens: c.KeepTokens,
		})
		return err
	})
}

// firstAdministrator creates an administrator if there is none. If no password is given it returns a generated one.
func firstAdministrator(ctx context.Context, a *api.API, login, given string) (string, string, error) {
	ctx = viewer.SystemContext(ctx)
	there, err := a.Client.CloudUser.Query().Where(clouduser.RoleEQ(clouduser.RoleADMINISTRATOR), clouduser.PasswordHashNEQ("")).Exist(ctx)
	if err != nil || there {
		return login, "", err
	}
	generated := ""
	if given == "" {
		generated = newPassword()
		given = generated
	}
	role := clouduser.RoleADMINISTRATOR
	_, err = a.Identity.CreateUser(ctx, model.CreateCloudUserInput{Login: login, Password: secret.New(given), Role: &role})
	if fault.Is(err, fault.Conflict) || ent.IsConstraintError(err) {
		// Another server on the same database has created it.
		return login, "", nil
	}
	return login, generated, err
}
