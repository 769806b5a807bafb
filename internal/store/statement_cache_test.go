package store_test

import (
	"fmt"
	"testing"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

const kept = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%kept%'"

func TestStatementsArePreparedOnceAndBounded(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1, Statements: 4})
	for range 10 {
		want(t, s, []int64{1}, "SELECT 1::bigint AS kept WHERE ? > 0", 1)
	}
	want(t, s, []int64{1 + 1}, kept) // including the statement itself
	for i := range 20 {
		want(t, s, []int64{int64(i)}, fmt.Sprintf("SELECT %d::bigint AS kept", i))
	}
	want(t, s, []int64{4}, kept)
}

func TestPreparedStatementsSurviveAChangeOfTheSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		mustExec(t, s, "CREATE TABLE things (name text)")
		mustExec(t, s, "INSERT INTO things (name) VALUES (?)", "one")
		all := "SELECT * FROM things WHERE name <> ?"
		back := "UPDATE things SET name = name WHERE name <> ? RETURNING *"
		want(t, s, []string{"one"}, all, "")
		want(t, s, []string{"one"}, back, "")
		mustExec(t, s, "ALTER TABLE things RENAME TO old_things")
		mustExec(t, s, "CREATE TABLE things (amount bigint, name text)")
		mustExec(t, s, "INSERT INTO things (amount, name) VALUES (7, 'seven')")
		for _, query := range []string{all, back} {
			got, err := twoColumns(t, s, query)
			if err != nil || got != "7 seven" {
				t.Errorf("%s: %q, %v", query, got, err)
			}
		}
	})
}

// TestStaleStatementInATransaction: the error, which ends the transaction, occurs once; the next transaction prepares the
// statement again.
func TestStaleStatementInATransaction(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1})
	mustExec(t, s, "CREATE TABLE things (name text)")
	insert := "INSERT INTO things (name) VALUES ($1) RETURNING *"
	run := func() error {
		tx, err := s.Driver().Tx(t.Context())
		if err != nil {
			return err
		}
		if err := tx.Exec(t.Context(), insert, []any{"one"}, nil); err != nil {
			if rolled := tx.Rollback(); rolled != nil {
				t.Error(rolled)
			}
			return err
		}
		return tx.Commit()
	}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	mustExec(t, s, "ALTER TABLE things ADD COLUMN amount bigint")
	if err := run(); !fault.Is(store.Fault(err), fault.Unavailable) {
		t.Errorf("first transaction after the change: %v", err)
	}
	if err := run(); err != nil {
		t.Errorf("second transaction after the change: %v", err)
	}
}

func TestLostPreparedStatementsArePreparedAgain(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1})
	for range 2 {
		want(t, s, []int64{1}, "SELECT 1::bigint AS kept")
		mustExec(t, s, "DEALLOCATE ALL")
	}
}
