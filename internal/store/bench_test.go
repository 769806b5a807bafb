package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // the plain driver, for comparison

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

// BenchmarkQuery compares a small nested query on the plain drivers, through the store, and read below database/sql.
func BenchmarkQuery(b *testing.B) {
	const query = `SELECT c.id, c.name, (SELECT count(*) FROM units u WHERE u.customer_id = c.id) AS units,
		(SELECT sum(u.amount) FROM units u WHERE u.customer_id = c.id AND u.amount > 10) AS total
		FROM customers c WHERE c.id BETWEEN $1 AND $2 ORDER BY c.id LIMIT 50`
	for name, c := range map[string]struct{ url, driver, source string }{
		"postgres": {url: pgtest.URL(b), driver: "postgres"},
		"sqlite":   {url: "sqlite://" + filepath.Join(b.TempDir(), "bench.db"), driver: "sqlite"},
	} {
		s, err := store.Open(b.Context(), store.Options{URL: c.url})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		source := c.url
		if c.driver == "sqlite" {
			source = source[len("sqlite://"):]
		}
		fillCustomers(b, s)
		plain, err := sql.Open(c.driver, source)
		if err != nil {
			b.Fatal(err)
		}
		defer plain.Close()
		b.Run(name+"/driver", func(b *testing.B) {
			for b.Loop() {
				found, err := plain.QueryContext(b.Context(), query, 100, 149)
				scanAll(b, found, err)
			}
		})
		reader, ok := s.Driver().(interface {
			QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		})
		if !ok {
			b.Fatal("the driver has no QueryContext")
		}
		b.Run(name+"/store", func(b *testing.B) {
			for b.Loop() {
				found, err := reader.QueryContext(b.Context(), query, 100, 149)
				scanAll(b, found, err)
			}
		})
		b.Run(name+"/rows", func(b *testing.B) {
			for b.Loop() {
				if err := s.Rows(b.Context(), query, []any{100, 149}, readAll); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func fillCustomers(b *testing.B, s *store.Store) {
	b.Helper()
	for _, query := range []string{
		"CREATE TABLE customers (id bigint PRIMARY KEY, name text)",
		"CREATE TABLE units (customer_id bigint, amount bigint)",
		"CREATE INDEX unit_customer ON units (customer_id)",
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
			INSERT INTO customers SELECT i, 'customer' FROM n`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
			INSERT INTO units SELECT i % 2000, i % 100 FROM n`,
	} {
		if err := s.Driver().Exec(b.Context(), query, []any{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func scanAll(b *testing.B, found *sql.Rows, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var id, units int64
		var name string
		var total sql.NullInt64
		if err := found.Scan(&id, &name, &units, &total); err != nil {
			b.Fatal(err)
		}
	}
	if err := found.Err(); err != nil {
		b.Fatal(err)
	}
}

func readAll(rows driver.Rows) error {
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
