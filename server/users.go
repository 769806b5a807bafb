package main

import (
	"context"
	"fmt"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/migrate"
	"cloudapi/internal/fault"
	"cloudapi/internal/identity"
	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/store"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// passwordVariable is where a password comes from when nobody types it.
const passwordVariable = "CLOUDAPI_USER_PASSWORD"

// userCommand manages who signs in.
type userCommand struct {
	Create   userCreateCommand   `cmd:"" help:"Create a cloud user."`
	Password userPasswordCommand `cmd:"" help:"Set the password of a cloud user, and end its sessions."`
}

type userCreateCommand struct {
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
	Role  string `enum:"ADMINISTRATOR,OPERATOR,MEMBER" default:"MEMBER" help:"What the user may do: ADMINISTRATOR, OPERATOR or MEMBER."`
}

// Run creates a user.
func (c *userCreateCommand) Run(e *env) error {
	given, err := e.password(passwordVariable)
	if err != nil {
		return err
	}
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
		role := clouduser.Role(c.Role)
		made, err := a.Directory.CreateUser(ctx, model.CreateCloudUserInput{
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
	databaseFlags
	logFlags
	Login string `arg:"" help:"The login."`
}

// Run sets a password.
func (c *userPasswordCommand) Run(e *env) error {
	given, err := e.password(passwordVariable)
	if err != nil {
		return err
	}
	return withAPI(e, c.databaseFlags, c.logFlags, func(ctx context.Context, a *api.API) error {
		u, err := identity.ByLogin(ctx, a.Client, textrule.Fold(c.Login))
		if err != nil {
			return err
		}
		if u == nil {
			return fault.New(fault.NotFound, "There is no user %q", c.Login)
		}
		_, err = a.Directory.SetPassword(ctx, model.SetCloudUserPasswordInput{CloudUserID: u.ID, Password: secret.New(given)})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "Set the password of %q\n", u.Login)
		return err
	})
}

// withAPI does something with an API that has no socket, as the server itself.
func withAPI(e *env, d databaseFlags, l logFlags, do func(context.Context, *api.API) error) error {
	log, err := l.logger(e.errors)
	if err != nil {
		return err
	}
	s, err := store.Open(e.ctx, store.Options{URL: d.DatabaseURL, MaxConns: d.MaxConns, Logger: log})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if _, err := store.Migrate(e.ctx, s, migrate.Files); err != nil {
		return err
	}
	a, err := api.New(api.Options{Store: s, Log: log, Passwords: password.NewHasher(password.Recommended(), 1)})
	if err != nil {
		return err
	}
	return do(viewer.SystemContext(e.ctx), a)
}

// firstAdministrator creates an administrator where there is none. Where no
// password is given it returns the one it has made.
func firstAdministrator(ctx context.Context, a *api.API, login, given string) (string, string, error) {
	ctx = viewer.SystemContext(ctx)
	there, err := a.Client.CloudUser.Query().Where(clouduser.RoleEQ(clouduser.RoleADMINISTRATOR)).Exist(ctx)
	if err != nil || there {
		return login, "", err
	}
	generated := ""
	if given == "" {
		generated = newPassword()
		given = generated
	}
	role := clouduser.RoleADMINISTRATOR
	_, err = a.Directory.CreateUser(ctx, model.CreateCloudUserInput{Login: login, Password: secret.New(given), Role: &role})
	if fault.Is(err, fault.Conflict) || ent.IsConstraintError(err) {
		// Another server on the same database was faster.
		return login, "", nil
	}
	return login, generated, err
}

// migrateCommand brings the database to the schema of this version.
type migrateCommand struct {
	Up     migrateUpCommand     `cmd:"" help:"Apply what is pending."`
	Status migrateStatusCommand `cmd:"" help:"List the migrations and which are applied."`
}

type migrateUpCommand struct {
	databaseFlags
	logFlags
}

// Run applies pending migrations.
func (c *migrateUpCommand) Run(e *env) error {
	return withStore(e, c.databaseFlags, c.logFlags, func(s *store.Store) error {
		applied, err := store.Migrate(e.ctx, s, migrate.Files)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.out, "Applied %d migrations\n", len(applied))
		return err
	})
}

type migrateStatusCommand struct {
	databaseFlags
	logFlags
}

// Run lists the migrations.
func (c *migrateStatusCommand) Run(e *env) error {
	return withStore(e, c.databaseFlags, c.logFlags, func(s *store.Store) error {
		all, err := store.Status(e.ctx, s, migrate.Files)
		if err != nil {
			return err
		}
		for _, m := range all {
			state := "pending"
			if !m.Applied.IsZero() {
				state = "applied " + m.Applied.UTC().Format("2006-01-02 15:04:05")
			}
			if _, err := fmt.Fprintf(e.out, "%-45s %s\n", m.Name, state); err != nil {
				return err
			}
		}
		return nil
	})
}

func withStore(e *env, d databaseFlags, l logFlags, do func(*store.Store) error) error {
	log, err := l.logger(e.errors)
	if err != nil {
		return err
	}
	s, err := store.Open(e.ctx, store.Options{URL: d.DatabaseURL, MaxConns: d.MaxConns, Logger: log})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return do(s)
}
