package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"
	"testing"

	"cloudapi/internal/store"
)

// TestWatcherHearsOfEachStatement: once when it is sent, and once when its last
// row was read or it has failed, whichever way it went.
func TestWatcherHearsOfEachStatement(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		var open int
		var verbs []string
		var failed int
		s.Watch(func(_ context.Context, query string) func(error) {
			open++
			verbs = append(verbs, store.Verb(query))
			return func(err error) {
				open--
				if err != nil {
					failed++
				}
			}
		})
		ctx := t.Context()
		for _, query := range []string{
			"CREATE TABLE watched (id integer)", "INSERT INTO watched VALUES (1), (2)",
			"UPDATE watched SET id = 3 WHERE id = 2", "DELETE FROM watched WHERE id = 3",
		} {
			if err := exec(ctx, s, query); err != nil {
				t.Fatal(err)
			}
		}
		err := s.Rows(ctx, "SELECT id FROM watched", nil, func(rows driver.Rows) error {
			if open != 1 {
				t.Errorf("%d statements are under way while rows are read, not 1", open)
			}
			if err := rows.Next(make([]driver.Value, 1)); err != nil {
				return err
			}
			if err := rows.Next(make([]driver.Value, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("a second row: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := exec(ctx, s, "INSERT INTO nowhere VALUES (1)"); err == nil {
			t.Error("an insert into no table")
		}
		want := []string{"other", "insert", "update", "delete", "select", "insert"}
		if !slices.Equal(verbs, want) || open != 0 || failed != 1 {
			t.Errorf("heard of %v, %d still open, %d failed", verbs, open, failed)
		}
	})
}
