package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/go-cmp/cmp"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

// onBoth runs a test on an empty database of each kind.
func onBoth(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, open(t, store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "test.db")}))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, open(t, store.Options{URL: pgtest.URL(t)}))
	})
}

func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// exec runs a statement as ent does, with the dialect's placeholder for each "?".
func exec(ctx context.Context, s *store.Store, query string, args ...any) error {
	if args == nil {
		args = []any{}
	}
	return s.Driver().Exec(ctx, placeholders(s, query), args, nil)
}

func mustExec(t *testing.T, s *store.Store, query string, args ...any) {
	t.Helper()
	if err := exec(t.Context(), s, query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func placeholders(s *store.Store, query string) string {
	if s.Dialect() != "postgres" {
		return query
	}
	var b strings.Builder
	n := byte('0')
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteByte(n)
	}
	return b.String()
}

// column reads the first column of a query as ent does.
func column[T any](ctx context.Context, s *store.Store, query string, args ...any) ([]T, error) {
	if args == nil {
		args = []any{}
	}
	var found entsql.Rows
	if err := s.Driver().Query(ctx, placeholders(s, query), args, &found); err != nil {
		return nil, err
	}
	defer found.Close()
	var all []T
	for found.Next() {
		var one T
		if err := found.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, found.Err()
}

func want[T any](t *testing.T, s *store.Store, expected []T, query string, args ...any) {
	t.Helper()
	got, err := column[T](t.Context(), s, query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", query, diff)
	}
}

// twoColumns reads the only row of a query with two columns, a number and a text. The query has one argument, an empty text.
func twoColumns(t *testing.T, s *store.Store, query string) (string, error) {
	t.Helper()
	var found entsql.Rows
	if err := s.Driver().Query(t.Context(), placeholders(s, query), []any{""}, &found); err != nil {
		return "", err
	}
	defer found.Close()
	var amount int64
	var name string
	if !found.Next() {
		return "", found.Err()
	}
	if err := found.Scan(&amount, &name); err != nil {
		return "", err
	}
	return fmt.Sprint(amount, " ", name), found.Err()
}
