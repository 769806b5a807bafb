package migrate_test

import (
	"context"
	"database/sql"
	"testing"

	"ariga.io/atlas/sql/migrate"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	entmigrate "cloudapi/ent/migrate"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

// TestMigratedIsDesired: ent's diff of a migrated database is empty.
func TestMigratedIsDesired(t *testing.T) {
	file := t.TempDir() + "/migrated.db"
	postgres := pgtest.URL(t)
	for _, c := range []struct{ name, url, driver, source string }{
		{dialect.SQLite, "sqlite://" + file, "sqlite", "file:" + file + "?_pragma=foreign_keys(1)"},
		{dialect.Postgres, postgres, "postgres", postgres},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{URL: c.url})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.Migrate(t.Context(), s, entmigrate.Files); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for _, change := range differences(t, c.name, c.driver, c.source) {
				t.Errorf("a migration is missing: %s", change)
			}
		})
	}
}

func differences(t *testing.T, name, driver, source string) []string {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var found []string
	m, err := schema.NewMigrate(entsql.OpenDB(name, db), schema.WithDropColumn(true),
		schema.WithApplyHook(func(schema.Applier) schema.Applier {
			return schema.ApplyFunc(func(_ context.Context, _ dialect.ExecQuerier, plan *migrate.Plan) error {
				for _, c := range plan.Changes {
					found = append(found, c.Cmd)
				}
				return nil
			})
		}))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Create(t.Context(), entmigrate.Desired(name)...); err != nil {
		t.Fatal(err)
	}
	return found
}
