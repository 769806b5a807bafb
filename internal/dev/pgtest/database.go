package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/lib/pq" // the driver that the program uses
)

// Variable names the environment variable with the connection string of a
// server to share. cmd/withpostgres sets it for the command that it runs, so
// that all packages of one `go test ./...` share a server.
const Variable = "CLOUDAPI_TEST_POSTGRES"

// shared is the connection string of the server that the tests of this
// process share: the one from the environment, or one that this process
// starts on first use, and that its watchdog removes.
var shared = sync.OnceValues(func() (func() string, error) {
	if given := os.Getenv(Variable); given != "" {
		return func() string { return given }, nil
	}
	s, err := New(context.Background(), Options{})
	if err != nil {
		return nil, err
	}
	// The closure keeps s, and with it the pipe whose end the watchdog waits
	// for: a server that nothing refers to would be removed in the middle.
	return func() string { return s.URL("postgres") }, nil
})

// URL creates an empty database for one test, on the shared server, and
// returns its connection string. It is dropped when the test ends, whoever
// may still be connected.
func URL(t testing.TB) string {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return fresh(t, server())
}

// Database creates an empty database for one test on this server and returns
// its connection string. It is dropped when the test ends, if the server
// still runs.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return fresh(t, s.URL("postgres"))
}

func fresh(t testing.TB, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("connection string of the shared server: %v", err)
	}
	name := "t_" + strings.ToLower(rand.Text())
	// A name of our own alphabet needs no quoting. The template is the one
	// that nobody connects to.
	if err := execute(t.Context(), server, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		patient := *u
		patient.RawQuery += "&connect_timeout=5"
		// The server may be stopped, or left frozen by the test: its
		// directory goes with it anyway.
		_ = execute(context.WithoutCancel(t.Context()), patient.String(),
			"DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	own := *u
	own.Path = "/" + name
	return own.String()
}

// Exec runs one statement as the superuser, for what a test does behind the
// program's back: lock a table, end connections, look at pg_stat_activity.
func (s *Server) Exec(ctx context.Context, database, query string, args ...any) error {
	return execute(ctx, s.URL(database), query, args...)
}

func execute(ctx context.Context, target, query string, args ...any) error {
	db, err := sql.Open("postgres", target)
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	return nil
}
