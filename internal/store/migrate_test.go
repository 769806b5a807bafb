package store_test

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"
	"testing/fstest"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

func TestMigrations(t *testing.T) {
	one := "-- +goose Up\nCREATE TABLE first (id bigint);\nCREATE TABLE other (id bigint);\n-- +goose Down\nDROP TABLE first;\n"
	two := "-- +goose Up\nALTER TABLE first ADD COLUMN name text;\n"
	files := fstest.MapFS{}
	for _, dialect := range []string{"postgres", "sqlite"} {
		files[dialect+"/20260101000000_first.sql"] = &fstest.MapFile{Data: []byte(one)}
		files[dialect+"/20260102000000_second.sql"] = &fstest.MapFile{Data: []byte(two)}
	}
	onBoth(t, func(t *testing.T, s *store.Store) {
		pending, err := store.Pending(t.Context(), s, files)
		if err != nil || len(pending) != 2 {
			t.Fatalf("before: %v pending, %v", pending, err)
		}
		applied, err := store.Migrate(t.Context(), s, files)
		if err != nil || len(applied) != 2 {
			t.Fatalf("applied %v, %v", applied, err)
		}
		mustExec(t, s, "INSERT INTO first (id, name) VALUES (1, 'one')")
		applied, err = store.Migrate(t.Context(), s, files)
		if err != nil || len(applied) != 0 {
			t.Fatalf("applied again %v, %v", applied, err)
		}
		all, err := store.Status(t.Context(), s, files)
		if err != nil || len(all) != 2 || all[1].Applied.IsZero() || all[1].Name != "20260102000000_second.sql" {
			t.Fatalf("after: %v, %v", all, err)
		}
	})
}

func TestServersThatStartAtOnceMigrateOnce(t *testing.T) {
	files := fstest.MapFS{
		"postgres/1_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE first (id bigint);\n")},
		"sqlite/1_first.sql":   {Data: []byte("-- +goose Up\nCREATE TABLE first (id bigint);\n")},
	}
	more := maps.Clone(files)
	// The pause makes the servers overlap.
	more["postgres/2_once.sql"] = &fstest.MapFile{
		Data: []byte("-- +goose Up\nSELECT pg_sleep(0.2);\nCREATE TABLE once (id bigint);\n"),
	}
	more["sqlite/2_once.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nCREATE TABLE once (id bigint);\n")}
	for name, url := range map[string]string{
		"sqlite":   "sqlite://" + filepath.Join(t.TempDir(), "test.db"),
		"postgres": pgtest.URL(t),
	} {
		t.Run(name, func(t *testing.T) {
			// goose's table exists already: otherwise the servers would wait for each other while creating it.
			before := open(t, store.Options{URL: url})
			if _, err := store.Migrate(t.Context(), before, files); err != nil {
				t.Fatal(err)
			}
			type outcome struct {
				applied int
				err     error
			}
			const servers = 6
			outcomes := make(chan outcome, servers)
			for range servers {
				go func() {
					s, err := store.Open(t.Context(), store.Options{URL: url})
					if err != nil {
						outcomes <- outcome{err: err}
						return
					}
					applied, err := store.Migrate(t.Context(), s, more)
					outcomes <- outcome{len(applied), errors.Join(err, s.Close())}
				}()
			}
			total := 0
			for range servers {
				o := <-outcomes
				if o.err != nil {
					t.Error(o.err)
				}
				total += o.applied
			}
			if total != 1 {
				t.Errorf("applied %d times", total)
			}
		})
	}
}
