package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"cloudapi/ent/migrate"
	"cloudapi/internal/portal"
	"cloudapi/internal/secret"
	"cloudapi/internal/service"
	"cloudapi/internal/store"
	"cloudapi/server/api"
	"cloudapi/server/playground"
)

// serveCommand serves the API.
type serveCommand struct {
	databaseFlags
	logFlags
	serveFlags
	exampleGuids string
}

// Run serves until the context ends, and then lets what has begun end.
func (c *serveCommand) Run(e *env) error {
	return c.serve(e, func(ctx context.Context, a *api.API, url string) error {
		login, generated, err := firstAdministrator(ctx, a, c.AdminLogin, c.AdminPassword)
		if err != nil {
			return err
		}
		if generated != "" {
			_, _ = fmt.Fprintf(e.out, "Created the administrator %q with the password %q. It is shown this once.\n", login, generated)
		}
		_, _ = fmt.Fprintf(e.out, "Serving the API at %s/graphql, the playground at %s/playground\n", url, url)
		return nil
	})
}

// serve opens, begins, serves and ends; ready is called before the first
// request is answered.
func (c *serveCommand) serve(e *env, ready func(context.Context, *api.API, string) error) error {
	log, err := c.logger(e.errors)
	if err != nil {
		return err
	}
	sent, log, flush, err := c.start(e.ctx, log)
	if err != nil {
		return err
	}
	defer flush()
	if err := errors.Join(c.limitFlags.check(), c.timeFlags.check(), c.jobFlags.check()); err != nil {
		return err
	}
	secure, err := c.config(log)
	if err != nil {
		return err
	}
	for _, origin := range c.CORSOrigins {
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("--cors-origin: %w", err)
		}
	}
	s, err := c.open(e.ctx, log)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	a, err := c.assemble(s, log, sent.Tracer())
	if err != nil {
		return err
	}
	if err := a.Prepare(e.ctx); err != nil {
		return err
	}
	closeDebug, err := c.debug(e.ctx, a.Metrics.Handler(), log)
	if err != nil {
		return err
	}
	defer closeDebug()
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	if err := ready(e.ctx, a, c.scheme()+"://"+listener.Addr().String()); err != nil {
		return errors.Join(err, listener.Close())
	}
	return c.run(e.ctx, a, listener, secure, log)
}

// open opens the database, migrated if that is wanted.
func (c *serveCommand) open(ctx context.Context, log *slog.Logger) (*store.Store, error) {
	s, err := store.Open(ctx, store.Options{URL: c.DatabaseURL, ReadURL: c.ReadDatabaseURL, MaxConns: c.MaxConns, Logger: log})
	if err != nil || !c.AutoMigrate {
		return s, err
	}
	if _, err := store.Migrate(ctx, s, migrate.Files); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c *serveCommand) assemble(s *store.Store, log *slog.Logger, tracer trace.Tracer) (*api.API, error) {
	o := api.Options{
		Store: s, Log: log, Playground: playground.Options{Guids: c.exampleGuids},
		SecretKey: secret.New(c.SecretKey), SessionTime: c.SessionTime,
		RequestTime: c.RequestTime, Version: version(), Tracer: tracer, CORSOrigins: c.CORSOrigins, OrdinaryReads: !c.FastReads,
		SeparateCommits: !c.SharedCommits, SeparateReads: !c.SharedReads,
	}
	c.limit(&o)
	c.jobs(&o)
	c.documents(&o)
	if err := c.signIn(&o); err != nil {
		return nil, err
	}
	if c.PortalURL != "" {
		p, err := portal.NewHTTP(c.PortalURL)
		if err != nil {
			return nil, err
		}
		o.Portal = p
	}
	return api.New(o)
}

// run serves on a listener until ctx ends. Then it drains for DrainTime, and
// requests that have begun by its end have ShutdownTime to end.
func (c *serveCommand) run(ctx context.Context, a *api.API, listener net.Listener, secure *tls.Config, log *slog.Logger) error {
	draining := &drain{next: a.Handler}
	server := newServer(draining, c.timeFlags, c.MaxHeader, log)
	server.TLSConfig = secure
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var work sync.WaitGroup
	work.Go(func() { a.Run(background) })
	failed := make(chan error, 1)
	go func() {
		failed <- service.Recovered(func() error {
			if secure != nil {
				return server.ServeTLS(listener, "", "")
			}
			return server.Serve(listener)
		})
	}()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping: not ready any more, finishing what has begun")
		err = draining.last(c.DrainTime, failed)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownTime)
		defer cancel()
		err = errors.Join(err, server.Shutdown(late))
	}
	stop()
	work.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// demoCommand serves demo data.
type demoCommand struct {
	databaseFlags
	logFlags
	serveFlags
}

// The demo's credentials are known to everybody, therefore it refuses to listen
// anywhere but on loopback.
const (
	demoLogin    = "admin"
	demoPassword = "cloudapi-demo"
)

// Run serves demo data.
func (c *demoCommand) Run(e *env) error {
	if err := onLoopback("--listen", c.Listen, "the demo has passwords that everybody knows"); err != nil {
		return err
	}
	s := &serveCommand{c.databaseFlags, c.logFlags, c.serveFlags, demoGuids}
	return s.serve(e, func(ctx context.Context, a *api.API, base string) error {
		if _, _, err := firstAdministrator(ctx, a, demoLogin, demoPassword); err != nil {
			return err
		}
		if err := fillDemo(ctx, a); err != nil {
			return err
		}
		return welcome(e.out, base)
	})
}

func welcome(out io.Writer, base string) error {
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	u.User = url.UserPassword(demoLogin, demoPassword)
	_, err = fmt.Fprintf(out, `
The playground is at  %s/playground
Sign in with          %s / %s
An old URL            curl '%s/appserver/rest/cloud_api_customer/list'
Stop with Ctrl-C.

`, base, demoLogin, demoPassword, u)
	return err
}

// newPassword is 128 random bits as text.
func newPassword() string { return rand.Text() }
