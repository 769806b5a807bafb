package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"go.opentelemetry.io/otel/trace"

	"cloudapi/internal/portal"
	"cloudapi/internal/secret"
	"cloudapi/internal/service"
	"cloudapi/internal/store"
	"cloudapi/server/api"
)

// serveCommand serves the API.
type serveCommand struct {
	databaseFlags
	logFlags
	serveFlags
	demo          bool   // the database has only demo data
	applicationID uint32 // of an SQLite file, 0 for any
}

// Run serves until the context ends, and then finishes running requests.
func (c *serveCommand) Run(e *env) error {
	prepare := func(ctx context.Context, a *api.API) error {
		if err := rejectDemoPassword(ctx, a); err != nil {
			return err
		}
		login, generated, err := firstAdministrator(ctx, a, c.AdminLogin, c.AdminPassword)
		if err == nil && generated != "" {
			_, _ = fmt.Fprintf(e.out, "Created the administrator %q with the password %q. It is shown this once.\n", login, generated)
		}
		return err
	}
	return c.serve(e, prepare, func(url string) {
		_, _ = fmt.Fprintf(e.out, "Serving the API at %s/graphql, the playground at %s/playground\n", url, url)
	})
}

// serve opens the database, listens, and serves until the context ends. It calls prepare once the database is migrated, and
// announce once requests are answered.
func (c *serveCommand) serve(e *env, prepare func(context.Context, *api.API) error, announce func(url string)) error {
	log, err := c.logger(e.errors)
	if err != nil {
		return err
	}
	sent, log, flush, err := c.start(e.ctx, log)
	if err != nil {
		return err
	}
	defer flush()
	secure, err := c.check(log)
	if err != nil {
		return err
	}
	s, err := store.Open(e.ctx, store.Options{
		URL: c.DatabaseURL, DirectURL: c.DirectURL, TransactionPooling: c.Pooling, ReadURL: c.ReadDatabaseURL,
		MaxConns: c.MaxConns, Logger: log, ApplicationID: c.applicationID,
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	state := newReadiness(notifySystemd)
	a, err := c.assemble(s, log, sent.Tracer(), state)
	if err != nil {
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
	url := c.scheme() + "://" + listener.Addr().String()
	log.InfoContext(e.ctx, "listening", "url", url, "database", s.Name(), "version", version())
	return c.run(e.ctx, a, &acceptLog{Listener: listener, log: log}, secure, log, &startup{
		store: s, state: state, log: log, autoMigrate: c.AutoMigrate,
		prepare: func(ctx context.Context) error {
			if err := a.Prepare(ctx); err != nil {
				return err
			}
			return prepare(ctx, a)
		},
		announce: func() { announce(url) },
	})
}

// check rejects contradictory options before anything is opened.
func (c *serveCommand) check(log *slog.Logger) (*tls.Config, error) {
	if err := errors.Join(c.limitFlags.check(), c.streamFlags.check(), c.timeFlags.check(), c.jobFlags.check(), checkSecretKey(c.SecretKey)); err != nil {
		return nil, err
	}
	for _, origin := range c.CORSOrigins {
		if err := http.NewCrossOriginProtection().AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("--cors-origin: %w", err)
		}
	}
	return c.config(log)
}

func (c *serveCommand) assemble(s *store.Store, log *slog.Logger, tracer trace.Tracer, state *readiness) (*api.API, error) {
	o := api.Options{
		Store: s, Log: log, NotReady: state.NotReady, Demo: c.demo, NoPlayground: !c.Playground, NoCompression: !c.Compression,
		SecretKey: secret.New(c.SecretKey), SessionTime: c.SessionTime,
		RequestTime: c.RequestTime, Version: version(), Tracer: tracer, CORSOrigins: c.CORSOrigins, RequireHTTPSForChanges: c.HTTPSOnly, OrdinaryReads: !c.FastReads,
		SeparateCommits: !c.SharedCommits, SeparateReads: !c.SharedReads,
	}
	c.limit(&o)
	o.Streams = c.streamFlags.limits(c.MaxBody)
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

// run serves on a listener until ctx ends, or until start fails. Then it drains for DrainTime. Requests still running after
// that have ShutdownTime to finish.
func (c *serveCommand) run(ctx context.Context, a *api.API, listener net.Listener, secure *tls.Config, log *slog.Logger, start *startup) error {
	draining := &drain{next: a.Handler}
	server := newServer(draining, c.timeFlags, c.MaxHeader, log)
	server.TLSConfig = secure
	server.RegisterOnShutdown(a.Streams.Stop)
	defer func() { _ = server.Close() }()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, 2)
	report := func(f func() error) <-chan error {
		return service.Start(func() error {
			if err := service.Recovered(f); err != nil {
				failed <- err
			}
			return nil
		})
	}
	report(func() error {
		if secure != nil {
			return server.ServeTLS(listener, "", "")
		}
		return server.Serve(listener)
	})
	work := report(func() error {
		err := start.run(ctx)
		if err == nil && start.state.NotReady() == "" {
			a.Run(background)
		}
		return err
	})
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("stopping: not ready any more, finishing what has begun")
		notifySystemd("stopping")
		err = draining.run(c.DrainTime, failed)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownTime)
		defer cancel()
		err = errors.Join(err, server.Shutdown(late))
	}
	stop()
	err = errors.Join(err, <-work) // always nil: errors are in failed
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}
