package groupcommit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/groupcommit"
	"cloudapi/internal/store"
)

// world is a committer on a database with a table of things.
type world struct {
	*groupcommit.Committer
	*testing.T
	store *store.Store
	alone atomic.Int32
	sizes []int
}

// each runs a test on both databases.
func each(t *testing.T, test func(w *world)) {
	for name, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite://" + t.TempDir() + "/test.db" },
		"postgres": func(t *testing.T) string { return pgtest.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{URL: url(t)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			w := &world{T: t, store: s}
			var mu sync.Mutex
			w.Committer = groupcommit.New(s, groupcommit.Options{Parallel: 1, Ungrouped: func() { w.alone.Add(1) }, Executed: func(n int) {
				mu.Lock()
				defer mu.Unlock()
				w.sizes = append(w.sizes, n)
			}})
			w.exec(t.Context(), w.store.Driver(), `CREATE TABLE "things" ("id" varchar(36) PRIMARY KEY, "text" text, "more" text)`)
			test(w)
		})
	}
}

type execer interface {
	Exec(ctx context.Context, query string, args, v any) error
}

func (w *world) exec(ctx context.Context, on execer, query string, args ...any) {
	w.Helper()
	if err := on.Exec(ctx, query, args, nil); err != nil {
		w.Fatal(err)
	}
}

// together makes changes in one group: the first one waits until the others have arrived.
func (w *world) together(works ...groupcommit.Change) []error {
	results := make([]error, len(works))
	var all sync.WaitGroup
	first := groupcommit.Change{OnlyWrites: true, Work: func(ctx context.Context) error {
		for w.Present() < 1+len(works) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(time.Millisecond)
		}
		return w.insert(ctx, "first")
	}}
	all.Go(func() {
		if err := w.Do(w.Context(), first); err != nil {
			w.Error(err)
		}
	})
	for w.Present() == 0 {
		if w.Context().Err() != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for i, c := range works {
		all.Go(func() { results[i] = w.Do(w.Context(), c) })
	}
	all.Wait()
	return results
}

// insert inserts a thing in the transaction of the context.
func (w *world) insert(ctx context.Context, text string) error {
	tx, err := w.store.Driver().Tx(ctx)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, `INSERT INTO "things" ("id", "text", "more") VALUES ($1, $2, $3)`,
		[]any{uuid.New(), text, json.RawMessage(`{"a":"b'\\"}`)}, nil); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// count returns how many things have a text.
func (w *world) count(text string) (n int) {
	w.Helper()
	rows := &entsql.Rows{}
	if err := w.store.Driver().Query(w.Context(), `SELECT count(*) FROM "things" WHERE "text" = $1`, []any{text}, rows); err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(&n); err != nil {
			w.Error(err)
		}
	}
	if err := rows.Err(); err != nil {
		w.Error(err)
	}
	return n
}

// TestEachIsMadeOnce: changes that fail, early or late, change nothing and report their own error; the others are made once.
func TestEachIsMadeOnce(t *testing.T) {
	each(t, func(w *world) {
		for round, late := range []int{-1, 7} {
			w.sizes = nil
			changes := make([]groupcommit.Change, 20)
			for i := range changes {
				changes[i] = w.change(round, i, late)
			}
			for i, err := range w.together(changes...) {
				want := fmt.Sprintf("early %d", i)
				if i == late {
					want = fmt.Sprintf("late %d", i)
				}
				there := 0
				if fails := i == late || i%5 == 3; !fails {
					there = 1
				}
				if there == 0 && (err == nil || err.Error() != want) || there == 1 && err != nil {
					w.Errorf("round %d, %d: %v", round, i, err)
				}
				if n := w.count(fmt.Sprint(round, i)); n != there {
					w.Errorf("round %d, %d is there %d times", round, i, n)
				}
			}
			if len(w.sizes) != 2 || w.sizes[1] != 20 {
				w.Errorf("groups of %v", w.sizes)
			}
		}
	})
}

// change inserts a thing and updates it. Some changes fail before that, late ones after it.
func (w *world) change(round, i, late int) groupcommit.Change {
	text := fmt.Sprint(round, i)
	return groupcommit.Change{OnlyWrites: true, Work: func(ctx context.Context) error {
		if i%5 == 3 && i != late {
			return fmt.Errorf("early %d", i)
		}
		tx, err := w.store.Driver().Tx(ctx)
		if err != nil {
			return err
		}
		w.exec(ctx, tx, `INSERT INTO "things" ("id", "text") VALUES ($1, $2)`, uuid.New(), text)
		if err := tx.Exec(ctx, `UPDATE "things" SET "more" = $1 WHERE "text" = $2`, []any{text, text}, nil); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if i == late {
			_ = tx.Rollback()
			return fmt.Errorf("late %d", i)
		}
		return tx.Commit()
	}}
}

// TestReadersAreMadeAlone: a change that reads although it declares OnlyWrites is made alone on PostgreSQL; its texts are
// stored unchanged.
func TestReadersAreMadeAlone(t *testing.T) {
	each(t, func(w *world) {
		const text = `it's a \ "text" $1; -- é`
		reads := groupcommit.Change{OnlyWrites: true, Work: func(ctx context.Context) error {
			tx, err := w.store.Driver().Tx(ctx)
			if err != nil {
				return err
			}
			rows := &entsql.Rows{}
			if err := tx.Query(ctx, `SELECT 1`, []any{}, rows); err != nil {
				return errors.Join(err, tx.Rollback())
			}
			return errors.Join(rows.Close(), w.insert(store.WithTx(ctx, tx), text))
		}}
		writes := groupcommit.Change{OnlyWrites: true, Work: func(ctx context.Context) error { return w.insert(ctx, text) }}
		for _, err := range w.together(reads, writes) {
			if err != nil {
				w.Error(err)
			}
		}
		if n := w.count(text); n != 2 {
			w.Errorf("%d texts are there", n)
		}
		if n := w.alone.Load(); n != 1 && w.store.Dialect() == "postgres" {
			w.Errorf("%d were made alone", n)
		}
	})
}

// TestAHeldRowHoldsUpNobodyElse: a change of a row that another transaction locks leaves its group, and so do later changes
// of the same row.
func TestAHeldRowHoldsUpNobodyElse(t *testing.T) {
	each(t, func(w *world) {
		if w.store.Dialect() != "postgres" {
			return // it has one writer
		}
		key := uuid.New()
		w.exec(w.Context(), w.store.Driver(), `INSERT INTO "things" ("id", "text") VALUES ($1, 'held')`, key)
		tx, err := w.store.Driver().Tx(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		w.exec(w.Context(), tx, `UPDATE "things" SET "more" = 'x' WHERE "id" = $1`, key)
		touch := groupcommit.Change{OnlyWrites: true, Key: key, Work: func(ctx context.Context) error {
			tx, err := w.store.Driver().Tx(ctx)
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, `UPDATE "things" SET "more" = $1 WHERE "id" = $2`, []any{"y", key}, nil); err != nil {
				return errors.Join(err, tx.Rollback())
			}
			return tx.Commit()
		}}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if err := w.Do(w.Context(), touch); err != nil {
					w.Error(err)
				}
			})
		}
		for i := range 5 {
			text := fmt.Sprint("free", i)
			if err := w.Do(w.Context(), groupcommit.Change{OnlyWrites: true, Work: func(ctx context.Context) error { return w.insert(ctx, text) }}); err != nil {
				w.Error(err)
			}
		}
		if err := tx.Commit(); err != nil {
			w.Error(err)
		}
		all.Wait()
		if n := w.alone.Load(); n > 3 {
			w.Errorf("%d were made alone", n)
		}
	})
}
