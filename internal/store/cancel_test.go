package store_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// TestCancelledQueryLeavesTheDatabase reads the running queries from the server.
func TestCancelledQueryLeavesTheDatabase(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 2})
	running := func() int64 {
		t.Helper()
		n, err := column[int64](t.Context(), s, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND state <> 'idle' AND query LIKE '%pg_sleep(600%'
			AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
		return n[0]
	}
	for name, query := range map[string]string{
		"prepared": "SELECT 1 FROM pg_sleep(600)",
		"plain":    "DO $$ BEGIN PERFORM pg_sleep(600); END $$",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- exec(ctx, s, query) }()
			await(t, "the query to run", func() bool { return running() == 1 })
			cancel()
			if err := <-ended; !fault.Is(store.Fault(err), fault.Timeout) {
				t.Errorf("ended with %v", err)
			}
			await(t, "the query to be gone", func() bool { return running() == 0 })
		})
	}
}

// TestCancellationDoesNotHitTheNextQuery runs queries on one connection whose contexts end at about the time of the answer.
func TestCancellationDoesNotHitTheNextQuery(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1})
	for i := range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*100*time.Microsecond)
		_, err := column[int64](ctx, s, "SELECT count(*) FROM generate_series(1, 1000)")
		cancel()
		if err != nil && !fault.Is(store.Fault(err), fault.Timeout) {
			t.Fatalf("ended with %v", err)
		}
		want(t, s, []int64{42}, "SELECT 42")
	}
}

func TestWaitingForAConnectionEndsWithTheContext(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1})
	tx, err := s.Driver().Tx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Ping(ctx); !fault.Is(err, fault.Timeout) {
		t.Errorf("ended with %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

// await polls for a state of another process, for up to half a minute.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestStatementEndsWithItsConnection cuts the connection of a running statement. The cancellation is lost as well, as that of a
// server that was killed.
func TestStatementEndsWithItsConnection(t *testing.T) {
	direct := pgtest.URL(t)
	address, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	relay, cut := relayed(t, address.Host)
	address.Host = relay
	s, watching := open(t, store.Options{URL: address.String(), MaxConns: 1, Grace: grace}), open(t, store.Options{URL: direct})
	running := func() bool {
		n, err := column[int64](t.Context(), watching, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND state <> 'idle' AND query LIKE '%pg_sleep(25%' AND pid <> pg_backend_pid()`)
		return err == nil && n[0] == 1
	}
	ended := make(chan error, 1)
	begun := time.Now()
	go func() { ended <- exec(t.Context(), s, "SELECT 1 FROM pg_sleep(25)") }()
	await(t, "the statement to run", running)
	cut()
	if err := <-ended; err == nil {
		t.Error("the statement has ended well without a connection")
	}
	for running() {
		if time.Since(begun) > 20*time.Second {
			t.Fatal("the statement runs on")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// relayed relays connections to an address until cut closes them. No new connection is accepted afterwards.
func relayed(t *testing.T, to string) (address string, cut func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open []net.Conn
	cut = func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			_ = c.Close()
		}
	}
	t.Cleanup(cut)
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			target, err := net.Dial("tcp", to)
			if err != nil {
				_ = from.Close()
				return
			}
			mu.Lock()
			open = append(open, from, target)
			mu.Unlock()
			go func() { _, _ = io.Copy(target, from) }()
			go func() { _, _ = io.Copy(from, target) }()
		}
	}()
	return listener.Addr().String(), cut
}

// TestCancelledScriptsAreTimeouts runs two scripts in one transaction whose context ends at about the time of the first answer:
// the connection is then given up, and the second script must report the end of the context and no lost connection.
func TestCancelledScriptsAreTimeouts(t *testing.T) {
	s := open(t, store.Options{URL: pgtest.URL(t), MaxConns: 1})
	statement := []store.Statement{{Query: "SELECT count(*) FROM generate_series(1, 1000)"}}
	for i := range 400 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%40)*50*time.Microsecond)
		session, err := s.Session(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = session.Run(ctx, store.Script{Begins: true, Statements: statement}); err == nil {
			_, err = session.Run(ctx, store.Script{Statements: statement})
		}
		session.Close(t.Context())
		cancel()
		if err != nil && !fault.Is(store.Fault(err), fault.Timeout) {
			t.Fatalf("ended with %v", err)
		}
	}
}
