package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/fault"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// demoCommand serves demo data.
type demoCommand struct {
	demoDatabaseFlags
	logFlags
	serveFlags
}

// demoDatabaseFlags select the demo's file. It has its own option: a demo never opens the database of a server.
type demoDatabaseFlags struct {
	DatabaseURL string `name:"database-url" env:"CLOUDAPI_DEMO_DATABASE_URL" default:"sqlite://cloudapi-demo.db" help:"The SQLite file of the demo: a new file, or one that a demo created."`
}

// The demo's credentials are public, so it listens only on loopback.
const (
	demoLogin    = "admin"
	demoPassword = "cloudapi-demo"
	// demoMark is the application id of the demo's files.
	demoMark = 0xC1AD0001
)

// Run serves demo data.
func (c *demoCommand) Run(e *env) error {
	if err := onLoopback("--listen", c.Listen, "the passwords of the demo are public"); err != nil {
		return err
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite://") {
		return fault.New(fault.Invalid, "The demo makes an SQLite file of its own, and does not use %s databases.", strings.SplitN(c.DatabaseURL, ":", 2)[0])
	}
	s := &serveCommand{databaseFlags{DatabaseURL: c.DatabaseURL}, c.logFlags, c.serveFlags, true, demoMark}
	prepare := func(ctx context.Context, a *api.API) error {
		if _, _, err := firstAdministrator(ctx, a, demoLogin, demoPassword); err != nil {
			return err
		}
		return fillDemo(ctx, a)
	}
	err := s.serve(e, prepare, func(url string) { welcome(e.out, url) })
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "%s The demo opens only files that a demo has made: name another with --database-url, or delete this one.", fault.As(err).Message)
	}
	return err
}

// rejectDemoPassword fails if an administrator still has the demo's password, which is public.
func rejectDemoPassword(ctx context.Context, a *api.API) error {
	administrators, err := a.Client.CloudUser.Query().
		Where(clouduser.RoleEQ(clouduser.RoleADMINISTRATOR), clouduser.StatusNEQ(clouduser.StatusDISABLED)).
		All(viewer.SystemContext(ctx))
	if err != nil {
		return err
	}
	hasher := password.NewHasher(password.Recommended(), 1)
	for _, u := range administrators {
		if u.PasswordHash == "" {
			continue
		}
		known, err := hasher.Verify(ctx, u.PasswordHash, secret.New(demoPassword))
		if err != nil {
			return err
		}
		if known {
			return fault.New(fault.Invalid, "The administrator %q has the demo's password, which is public. "+
				"Set another: cloudapi user password %s", u.Login, u.Login)
		}
	}
	return nil
}

func welcome(out io.Writer, base string) {
	scheme, host, _ := strings.Cut(base, "://")
	u := url.URL{Scheme: scheme, Host: host, User: url.UserPassword(demoLogin, demoPassword)}
	_, _ = fmt.Fprintf(out, `
The playground is at  %s/playground
Sign in with          %s / %s
An old URL            curl '%s/appserver/rest/cloud_api_customer/list'
Stop with Ctrl-C.

`, base, demoLogin, demoPassword, &u)
}
