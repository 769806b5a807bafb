// Command diff writes the migration from the existing migrations to ent's schema: `go run ./ent/migrate/diff NAME`. It
// writes one file for each database, and none if nothing has changed.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq" // PostgreSQL's driver
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // SQLite's driver

	entmigrate "cloudapi/ent/migrate"
	"cloudapi/internal/dev/pgtest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./ent/migrate/diff NAME")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "diff:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string) error {
	server, err := pgtest.New(ctx, pgtest.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }()
	postgres, err := sql.Open("postgres", server.URL("postgres"))
	if err != nil {
		return err
	}
	folder := filepath.Join("ent", "migrate", "postgres")
	before, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil {
		return err
	}
	if err := diff(ctx, postgres, dialect.Postgres, goose.DialectPostgres, "postgres", name); err != nil {
		return err
	}
	if err := separate(folder, before); err != nil {
		return err
	}
	sqlite, err := sql.Open("sqlite", "file::memory:?cache=shared&_pragma=foreign_keys(1)")
	if err != nil {
		return err
	}
	sqlite.SetMaxOpenConns(1)
	return diff(ctx, sqlite, dialect.SQLite, goose.DialectSQLite3, "sqlite", name)
}

// diff applies the existing migrations to an empty database and writes a migration for the remaining difference.
func diff(ctx context.Context, db *sql.DB, name string, flavor goose.Dialect, folder, title string) error {
	defer func() { _ = db.Close() }()
	path := filepath.Join("ent", "migrate", folder)
	if err := apply(ctx, db, flavor, os.DirFS(path)); err != nil {
		return err
	}
	dir, err := sqltool.NewGooseDir(path)
	if err != nil {
		return err
	}
	// Atlas requires a checksum file; goose does not use one.
	sum, err := dir.Checksum()
	if err != nil {
		return err
	}
	if err := migrate.WriteSumFile(dir, sum); err != nil {
		return err
	}
	defer func() { _ = os.Remove(filepath.Join(path, migrate.HashFileName)) }()
	m, err := schema.NewMigrate(entsql.OpenDB(name, db),
		schema.WithDir(dir),
		schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithDialect(name),
		schema.WithMigrationMode(schema.ModeInspect),
		schema.WithDropColumn(true),
	)
	if err != nil {
		return err
	}
	return m.NamedDiff(ctx, title, entmigrate.Desired(name)...)
}

func apply(ctx context.Context, db *sql.DB, flavor goose.Dialect, files fs.FS) error {
	there, err := fs.Glob(files, "*.sql")
	if err != nil || len(there) == 0 {
		return err
	}
	p, err := goose.NewProvider(flavor, db, files)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}
