package main

import (
	"context"
	"fmt"
	"log/slog"

	"cloudapi/ent/migrate"
	"cloudapi/internal/fault"
	"cloudapi/internal/password"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
)

// databaseFlags select the database.
type databaseFlags struct {
	DatabaseURL string `name:"database-url" default:"sqlite://cloudapi.db" help:"The database: postgres://user:password@host:port/name?sslmode=…, or sqlite://file.db."`
	DirectURL   string `name:"direct-database-url" help:"The URL of PostgreSQL itself, if --database-url is that of a pooler. Migrations and notifications use it, because each needs its own session."`
	Pooling     bool   `name:"transaction-pooling" help:"The database URL is that of a pooler in transaction mode. The server then prepares no statements, and the role must have the parameters that docs/operations.md lists."`
	MaxConns    int    `name:"max-conns" default:"0" help:"The largest number of connections to the database. 0 means 20 on PostgreSQL."`
}

// commandFlags are the options of a command that uses the database.
type commandFlags struct {
	databaseFlags
	logFlags
}

// withStore opens the command's database, prints which one it is, and calls do. It creates no database unless create is
// true.
func withStore(e *env, f commandFlags, create bool, do func(*store.Store) error) error {
	log, err := f.logger(e.errors)
	if err != nil {
		return err
	}
	o := f.storeOptions(log)
	o.MustExist = !create
	return withStoreOf(e, o, do)
}

func (d databaseFlags) storeOptions(log *slog.Logger) store.Options {
	return store.Options{URL: d.DatabaseURL, DirectURL: d.DirectURL, TransactionPooling: d.Pooling, MaxConns: d.MaxConns, Logger: log}
}

func withStoreOf(e *env, o store.Options, do func(*store.Store) error) error {
	s, err := store.Open(e.ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	_, _ = fmt.Fprintln(e.errors, "Database:", s.Name())
	return do(s)
}

// withAPI calls do with an API without a socket, with the rights of the server itself, on a migrated database.
func withAPI(e *env, f commandFlags, do func(context.Context, *api.API) error) error {
	return withStore(e, f, false, func(s *store.Store) error {
		a, err := f.api(e, s)
		if err != nil {
			return err
		}
		return do(viewer.SystemContext(e.ctx), a)
	})
}

// api returns an API without a socket. The database must be migrated.
func (f *logFlags) api(e *env, s *store.Store) (*api.API, error) {
	if err := migrated(e.ctx, s); err != nil {
		return nil, err
	}
	log, err := f.logger(e.errors)
	if err != nil {
		return nil, err
	}
	return api.New(api.Options{Store: s, Log: log, Passwords: password.NewHasher(password.Recommended(), 1)})
}

// migrated fails unless the database has the schema of this program, or a compatible one.
func migrated(ctx context.Context, s *store.Store) error {
	if err := store.CheckVersion(ctx, s, migrate.Files); err != nil {
		return err
	}
	all, err := store.Status(ctx, s, migrate.Files)
	if err != nil {
		return err
	}
	pending := 0
	for _, m := range all {
		if m.Applied.IsZero() {
			pending++
		}
	}
	switch pending {
	case 0:
		return nil
	case len(all):
		return fault.New(fault.NotFound, "There is no database: %s is empty. Fill it with cloudapi serve or cloudapi migrate up.", s.Name())
	}
	return fault.New(fault.Conflict, "The database is that of an older version: %d migrations are pending. Apply them with cloudapi migrate up.", pending)
}
