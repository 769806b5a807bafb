package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"entgo.io/ent/dialect"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// pooled opens a store behind a PgBouncer in the given mode.
func pooled(t *testing.T, server *pgtest.Server, mode string, change func(*store.Options)) (*store.Store, *pgtest.Pooler) {
	t.Helper()
	pooler := server.Pool(t, mode, 12)
	o := store.Options{URL: pooler.URL("postgres"), TransactionPooling: mode == "transaction", MaxConns: 8}
	if change != nil {
		change(&o)
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, pooler
}

// TestPooler: statements with arguments of every kind, in and outside transactions, run behind PgBouncer, also when sessions
// change between them.
func TestPooler(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			s, pooler := pooled(t, server, mode, nil)
			db := sqlDB(s)
			table := "pooled_" + mode
			if _, err := db.ExecContext(t.Context(), "CREATE TABLE "+table+" (id bigint PRIMARY KEY, name text, hash bytea, note json, at timestamptz, yes boolean)"); err != nil {
				t.Fatal(err)
			}
			var work sync.WaitGroup
			for worker := range 16 {
				work.Go(func() {
					for i := range 25 {
						if err := pooledChange(t.Context(), s, table, worker*1000+i); err != nil {
							t.Errorf("worker %d: %v\n%s", worker, err, pooler.Log())
							return
						}
					}
				})
			}
			work.Wait()
			var n int
			if err := row(t.Context(), s, "SELECT count(*) FROM "+table+" WHERE yes = $1", []any{true}, &n); err != nil || n != 16*25 {
				t.Errorf("%d rows, not %d: %v", n, 16*25, err)
			}
		})
	}
}

// sqlDB returns the interface through which ent runs its statements.
func sqlDB(s *store.Store) entExecutor { return s.Driver().(entExecutor) }

type entExecutor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	BeginTx(ctx context.Context, o *sql.TxOptions) (dialect.Tx, error)
}

// row reads the only row of a query.
func row(ctx context.Context, s *store.Store, query string, args []any, into ...any) error {
	found, err := sqlDB(s).QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = found.Close() }()
	if !found.Next() {
		return errors.Join(sql.ErrNoRows, found.Err())
	}
	return errors.Join(found.Scan(into...), found.Err())
}

// pooledChange writes a row, reads it back, and changes it in a transaction.
func pooledChange(ctx context.Context, s *store.Store, table string, id int) error {
	db := sqlDB(s)
	hash, note, at := []byte{0, 1, 255, byte(id)}, []byte(`{"a": "ü"}`), time.Now().UTC().Truncate(time.Microsecond)
	if _, err := db.ExecContext(ctx, "INSERT INTO "+table+" (id, name, hash, note, at, yes) VALUES ($1, $2, $3, $4, $5, $6)",
		id, "it's", hash, note, at, false); err != nil {
		return err
	}
	var name string
	var gotHash, gotNote []byte
	var gotAt time.Time
	if err := row(ctx, s, "SELECT name, hash, note, at FROM "+table+" WHERE id = $1", []any{id}, &name, &gotHash, &gotNote, &gotAt); err != nil {
		return err
	}
	if name != "it's" || !bytes.Equal(hash, gotHash) || string(gotNote) != string(note) || !gotAt.Equal(at) {
		return fmt.Errorf("read %q %x %s %v", name, gotHash, gotNote, gotAt)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for range 2 {
		if err := tx.Exec(ctx, "UPDATE "+table+" SET yes = $2 WHERE id = $1", []any{id, true}, nil); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// TestPoolerGivesParameters: in session mode each connection has the parameters, including those of the URL. In transaction
// mode the log lists the parameters that the role lacks, and nothing once the role has them.
func TestPoolerGivesParameters(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	s, pooler := pooled(t, server, "session", func(o *store.Options) { o.URL += "&work_mem=5MB" })
	for name, want := range map[string]string{"jit": "off", "lock_timeout": "10s", "max_parallel_workers_per_gather": "0", "TimeZone": "UTC", "work_mem": "5MB"} {
		var got string
		if err := row(t.Context(), s, "SELECT current_setting($1)", []any{name}, &got); err != nil || got != want {
			t.Errorf("%s is %q, not %q: %v\n%s", name, got, want, err, pooler.Log())
		}
	}
	var log bytes.Buffer
	logging := func(o *store.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) }
	s, _ = pooled(t, server, "transaction", logging)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "ALTER ROLE CURRENT_USER SET lock_timeout = '10000'") {
		t.Errorf("the log does not say what the role lacks: %s", &log)
	}
	for _, of := range []string{"enable_mergejoin = off", "jit = off", "lock_timeout = 10000", "max_parallel_workers_per_gather = 0",
		"statement_timeout = 30000", "client_connection_check_interval = 2000", "idle_in_transaction_session_timeout = 60000"} {
		if _, err := sqlDB(s).ExecContext(t.Context(), "ALTER ROLE CURRENT_USER SET "+of); err != nil {
			t.Fatal(err)
		}
	}
	log.Reset()
	s, _ = pooled(t, server, "transaction", logging)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 {
		t.Errorf("the role has all parameters, and the log says: %s", &log)
	}
}

// TestPoolerAndSessions: operations that need their own session use the direct URL, and fail with an explanation if there is
// none.
func TestPoolerAndSessions(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	files := fstest.MapFS{
		"postgres/1_one.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (id int);\n")},
		"sqlite/1_one.sql":   {Data: []byte("-- +goose Up\nCREATE TABLE one (id int);\n")},
	}
	s, _ := pooled(t, server, "transaction", nil)
	if _, err := store.Migrate(t.Context(), s, files); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "--direct-database-url") {
		t.Fatalf("migrating behind a pooler: %v", err)
	}
	s, _ = pooled(t, server, "transaction", func(o *store.Options) { o.DirectURL = server.URL("postgres") })
	if applied, err := store.Migrate(t.Context(), s, files); err != nil || len(applied) != 1 {
		t.Fatalf("migrating by the direct URL: %v %v", applied, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	woken := make(chan string, 100)
	go func() { _ = s.Listen(ctx, "news", func(text string) { woken <- text }) }()
	deadline := time.After(time.Minute)
	for {
		if err := s.Notify(ctx, "news", "here"); err != nil {
			t.Fatal(err)
		}
		select {
		case text := <-woken:
			if text == "here" {
				return
			}
		case <-deadline:
			t.Fatal("no notification arrived")
		case <-time.After(50 * time.Millisecond):
		}
	}
}
