package migrate_test

import (
	"database/sql"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"cloudapi/internal/dev/pgtest"
)

// TestGrowTheModelKeepsRows migrates a database with users, tokens and memberships past the migration of the old statuses,
// and back.
func TestGrowTheModelKeepsRows(t *testing.T) {
	const migration = 20261126022000
	for _, c := range []struct {
		name, driver, source string
		dialect              goose.Dialect
	}{
		{"sqlite", "sqlite", "file:" + t.TempDir() + "/grow.db?_pragma=foreign_keys(1)", goose.DialectSQLite3},
		{"postgres", "postgres", pgtest.URL(t), goose.DialectPostgres},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := sql.Open(c.driver, c.source)
			must(t, err)
			defer func() { _ = db.Close() }()
			db.SetMaxOpenConns(1)
			p, err := goose.NewProvider(c.dialect, db, until(t, c.name, migration))
			must(t, err)
			_, err = p.UpTo(t.Context(), migration-1)
			must(t, err)
			exec(t, db, seed)
			_, err = p.UpTo(t.Context(), migration)
			must(t, err)
			want(t, db, "SELECT count(*) FROM cloud_users WHERE status = 'CONFIGURED'", 1)
			want(t, db, "SELECT count(*) FROM cloud_users WHERE status = 'DISABLED'", 1)
			want(t, db, "SELECT count(*) FROM access_tokens", 1)
			want(t, db, "SELECT count(*) FROM cloud_user_group_users", 1)
			want(t, db, "SELECT count(DISTINCT version) FROM cloud_user_groups WHERE CAST(version AS text) NOT LIKE '0000%'", 2)
			if _, err := db.ExecContext(t.Context(), "UPDATE cloud_users SET status = 'ACTIVE'"); err == nil {
				t.Error("ACTIVE is still a status")
			}
			exec(t, db, "UPDATE cloud_users SET status = 'CREATED' WHERE status = 'CONFIGURED'")
			_, err = p.DownTo(t.Context(), migration-1)
			must(t, err)
			want(t, db, "SELECT count(*) FROM cloud_users WHERE status = 'ACTIVE'", 1)
			want(t, db, "SELECT count(*) FROM access_tokens", 1)
			if c.name == "sqlite" {
				var ok string
				must(t, db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&ok))
				if ok != "ok" {
					t.Error(ok)
				}
			}
		})
	}
}

const seed = `
INSERT INTO cloud_users (id, version, created_at, login, login_fold, status) VALUES
  ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', '2026-01-01 00:00:00', 'ada', 'ada', 'ACTIVE'),
  ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a', '2026-01-01 00:00:00', 'bob', 'bob', 'DISABLED');
INSERT INTO cloud_user_groups (id, created_at, name) VALUES
  ('00000000-0000-4000-8000-000000000003', '2026-01-01 00:00:00', 'one'),
  ('00000000-0000-4000-8000-000000000004', '2026-01-01 00:00:00', 'two');
INSERT INTO cloud_user_group_users (cloud_user_group_id, cloud_user_id) VALUES
  ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000001');
INSERT INTO access_tokens (id, created_at, kind, hash, user_id) VALUES
  ('00000000-0000-4000-8000-000000000005', '2026-01-01 00:00:00', 'SESSION', 'x', '00000000-0000-4000-8000-000000000001');
`

// until returns the migrations of a database up to a version.
func until(t *testing.T, name string, version int64) fs.FS {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(name + "/*.sql")
	must(t, err)
	for _, file := range files {
		if n, err := goose.NumericComponent(file); err != nil || n > version {
			continue
		}
		text, err := os.ReadFile(file)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600))
	}
	return os.DirFS(dir)
}

func exec(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), text)
	must(t, err)
}

func want(t *testing.T, db *sql.DB, query string, n int) {
	t.Helper()
	var got int
	must(t, db.QueryRowContext(t.Context(), query).Scan(&got))
	if got != n {
		t.Errorf("%s: %d, want %d", query, got, n)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
