package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// queryTime is the context's deadline in these tests, grace the store's option, and late how much longer a call may take on
// a busy machine.
const (
	queryTime = 300 * time.Millisecond
	grace     = 200 * time.Millisecond
	late      = 30 * time.Second
)

// TestFrozenServer: while the server is frozen, every kind of operation ends at its context's deadline. Once the server runs
// again, so do operations.
func TestFrozenServer(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	s := open(t, store.Options{URL: server.Database(t), Grace: grace})
	mustExec(t, s, "CREATE TABLE numbers (n bigint)")
	mustExec(t, s, "INSERT INTO numbers SELECT generate_series(1, 200000)")

	for name, operation := range map[string]func(ctx context.Context, freeze func()) error{
		"query": func(ctx context.Context, freeze func()) error {
			freeze()
			_, err := column[int64](ctx, s, "SELECT n FROM numbers")
			return err
		},
		"exec": func(ctx context.Context, freeze func()) error {
			freeze()
			return exec(ctx, s, "INSERT INTO numbers (n) VALUES (1)")
		},
		"ping": func(ctx context.Context, freeze func()) error {
			freeze()
			return s.Ping(ctx)
		},
		"begin": func(ctx context.Context, freeze func()) error {
			freeze()
			_, err := s.Driver().Tx(ctx)
			return err
		},
		"commit": func(ctx context.Context, freeze func()) error {
			tx, err := s.Driver().Tx(ctx)
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, "INSERT INTO numbers (n) VALUES (1)", []any{}, nil); err != nil {
				return errors.Join(err, tx.Rollback())
			}
			freeze()
			return tx.Commit()
		},
		"rollback": func(ctx context.Context, freeze func()) error {
			tx, err := s.Driver().Tx(ctx)
			if err != nil {
				return err
			}
			freeze()
			return tx.Rollback()
		},
		"reading rows": func(ctx context.Context, freeze func()) error {
			// Larger than the buffers of both ends.
			return s.Rows(ctx, "SELECT repeat('x', 500) FROM numbers", nil, func(rows driver.Rows) error {
				freeze()
				row := make([]driver.Value, 1)
				for {
					if err := rows.Next(row); errors.Is(err, io.EOF) {
						return nil
					} else if err != nil {
						return err
					}
				}
			})
		},
		"new connection": func(ctx context.Context, freeze func()) error {
			fresh := open(t, store.Options{URL: server.URL("postgres"), Grace: grace})
			freeze()
			return fresh.Ping(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			frozenFor(t, server, operation)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := s.Ping(ctx); err != nil {
				t.Errorf("after the thaw: %v", err)
			}
		})
	}
}

func frozenFor(t *testing.T, server *pgtest.Server, operation func(context.Context, func()) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var frozen time.Time
	freeze := func() {
		if err := server.Freeze(); err != nil {
			t.Error(err)
		}
		frozen = time.Now()
		time.AfterFunc(queryTime, cancel)
	}
	err := operation(ctx, freeze)
	took := time.Since(frozen)
	if thaw := server.Thaw(); thaw != nil {
		t.Fatal(thaw)
	}
	if took > queryTime+grace+late {
		t.Errorf("took %v", took)
	}
	f := fault.As(store.Fault(err))
	if f.Code != fault.Unavailable && f.Code != fault.Timeout {
		t.Errorf("ended with %v: %v", f.Code, err)
	}
}

// TestSilenceWithoutDeadline: a call without a deadline ends too, because the server itself ends statements after the query
// timeout.
func TestSilenceWithoutDeadline(t *testing.T) {
	server := pgtest.Start(t, pgtest.Options{})
	s := open(t, store.Options{URL: server.Database(t), Grace: grace, QueryTimeout: queryTime})
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	err := exec(t.Context(), s, "CREATE TABLE numbers (n bigint)")
	if took := time.Since(started); took > queryTime+grace+late {
		t.Errorf("took %v", took)
	}
	if thaw := server.Thaw(); thaw != nil {
		t.Fatal(thaw)
	}
	if !fault.Is(store.Fault(err), fault.Unavailable) {
		t.Errorf("ended with %v", err)
	}
}
