package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"cloudapi/internal/fault"
)

// Migration is a versioned change of the schema.
type Migration struct {
	Version int64
	Name    string    // file name
	Applied time.Time // zero if pending
}

// Migrate applies the pending migrations of files, which has a directory for each dialect: postgres and sqlite. It returns
// the applied ones. If several servers start at the same time, one applies them and the others wait.
func Migrate(ctx context.Context, s *Store, files fs.FS) (applied []Migration, err error) {
	provider, done, err := s.migrations(files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	release, err := s.lockMigrations(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	pending, err := Pending(ctx, s, files)
	if err != nil {
		return nil, err
	}
	if len(pending) == 0 {
		return nil, nil
	}
	if s.options.TransactionPooling && s.options.DirectURL == "" {
		return nil, fault.New(fault.Invalid, "%d migrations are pending, and need a session of their own: give --direct-database-url beside the pooler's URL.", len(pending))
	}
	if err := s.markCompatible(ctx, files, pending); err != nil {
		return nil, err
	}
	for {
		result, err := provider.UpByOne(ctx)
		switch {
		case errors.Is(err, goose.ErrNoNextVersion):
			return applied, nil
		case isLockTimeout(err) && ctx.Err() == nil:
			s.options.Logger.WarnContext(ctx, "a migration waits: another transaction holds a lock that it needs", "retry_in", lockPause)
			if err := sleep(ctx, lockPause); err != nil {
				return applied, Fault(err)
			}
		case err != nil:
			return applied, Fault(fmt.Errorf("migrate the database: %w", err))
		default:
			m := Migration{Version: result.Source.Version, Name: path.Base(result.Source.Path), Applied: time.Now().UTC()}
			applied = append(applied, m)
			s.options.Logger.InfoContext(ctx, "migration applied",
				"version", m.Version, "name", m.Name, "duration", result.Duration)
		}
	}
}

// A migration that changes a table needs a short exclusive lock on it. While it waits for a long transaction, all later
// statements on the table wait behind it. Therefore it gives up after lockTime, and tries again after lockPause.
const (
	lockTime  = 2 * time.Second
	lockPause = 3 * time.Second
)

func isLockTimeout(err error) bool {
	answer, ok := errors.AsType[*pq.Error](err)
	return ok && answer.Code == pqerror.LockNotAvailable
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// Status returns all migrations in files in order, applied and pending.
func Status(ctx context.Context, s *Store, files fs.FS) (all []Migration, err error) {
	provider, done, err := s.migrations(files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	for _, source := range provider.ListSources() {
		all = append(all, Migration{
			Version: source.Version, Name: path.Base(source.Path), Applied: applied[source.Version],
		})
	}
	return all, nil
}

// Pending returns the migrations in files that are not applied.
func Pending(ctx context.Context, s *Store, files fs.FS) ([]Migration, error) {
	all, err := Status(ctx, s, files)
	if err != nil {
		return nil, err
	}
	var pending []Migration
	for _, m := range all {
		if m.Applied.IsZero() {
			pending = append(pending, m)
		}
	}
	return pending, nil
}

// appliedMigrations reads goose's table. goose itself would create the table, and take the lock that Migrate holds, only to
// read it.
func (s *Store) appliedMigrations(ctx context.Context) (map[int64]time.Time, error) {
	applied := make(map[int64]time.Time)
	if exists, err := s.hasTable(ctx, "goose_db_version"); err != nil || !exists {
		return applied, err
	}
	found, err := s.reader.QueryContext(ctx,
		"SELECT version_id, tstamp FROM goose_db_version WHERE is_applied ORDER BY id")
	if err != nil {
		return nil, Fault(err)
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		var version int64
		var at time.Time
		if err := found.Scan(&version, &at); err != nil {
			return nil, Fault(err)
		}
		applied[version] = at.UTC()
	}
	return applied, Fault(found.Err())
}

// migrations opens the migrations of this dialect on a separate pool without a statement timeout: building an index on
// PostgreSQL may take long.
func (s *Store) migrations(files fs.FS) (*goose.Provider, func() error, error) {
	directory, dialect := "sqlite", goose.DialectSQLite3
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithSlog(s.options.Logger)}
	db, done := s.writer, func() error { return nil }
	if s.dialect == postgres {
		directory, dialect = "postgres", goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, nil, fmt.Errorf("prepare the migrations: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
		own := s.options
		own.LockTimeout, own.TransactionPooling = lockTime, false
		c, err := newConnector(s.direct.config, own, 0, s.counters)
		if err != nil {
			return nil, nil, err
		}
		db = sql.OpenDB(c)
		done = db.Close
	}
	own, err := fs.Sub(files, directory)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the migrations: %w", err)
	}
	provider, err := goose.NewProvider(dialect, db, own, options...)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("prepare the migrations: %w", err), done())
	}
	return provider, done, nil
}

// lockMigrations prevents two processes from migrating one SQLite file at once. On PostgreSQL goose takes an advisory lock.
func (s *Store) lockMigrations(ctx context.Context) (release func() error, err error) {
	if s.dialect == postgres {
		return func() error { return nil }, nil
	}
	path, err := filepath.Abs(s.address.path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, msgIOError).Because(err)
	}
	return lockDirectory(ctx, filepath.Dir(path))
}
