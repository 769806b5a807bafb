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

	_ "github.com/lib/pq" // the program's driver
)

// Variable is the environment variable with the connection string of a shared server. cmd/withpostgres sets it for its
// command, so that all packages of one `go test ./...` share a server.
const Variable = "CLOUDAPI_TEST_POSTGRES"

// shared returns the connection string of the server that the tests of this process share: the one from the environment, or
// one that this process starts on first use and that its watchdog removes.
var shared = sync.OnceValues(func() (func() string, error) {
	if given := os.Getenv(Variable); given != "" {
		return func() string { return given }, nil
	}
	s, err := New(context.Background(), Options{})
	if err != nil {
		return nil, err
	}
	// The closure keeps s alive, and with it the pipe whose end the watchdog waits for. Otherwise the server would be
	// removed while tests run.
	return func() string { return s.URL("postgres") }, nil
})

// URL creates an empty database for one test on the shared server, and returns its connection string. It is dropped when the
// test ends, even if clients are connected.
func URL(t testing.TB) string {
	t.Helper()
	server, err := shared()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return fresh(t, server())
}

// Database creates an empty database for one test on this server and returns its connection string. It is dropped when the
// test ends, if the server still runs.
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
	// The name needs no quoting. Nobody connects to template0, so it is never in use.
	if err := execute(t.Context(), server, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		patient := *u
		patient.RawQuery += "&connect_timeout=5"
		// The test may have stopped or frozen the server: then its directory is removed anyway.
		_ = execute(context.WithoutCancel(t.Context()), patient.String(),
			"DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	own := *u
	own.Path = "/" + name
	return own.String()
}

// Exec runs one statement as the superuser, for actions of a test outside the program: lock a table, end connections, read
// pg_stat_activity.
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
