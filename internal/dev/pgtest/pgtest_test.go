package pgtest_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
)

// crashes is the environment variable that turns this test binary into a process that starts a server and waits to be
// killed.
const crashes = "PGTEST_CRASHES"

func TestMain(m *testing.M) {
	if os.Getenv(crashes) == "" {
		os.Exit(m.Run())
	}
	s, err := pgtest.New(context.Background(), pgtest.Options{})
	if err == nil && os.Getenv(crashes) == "frozen" {
		err = s.Freeze()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.Directory())
	select {}
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	one, two := open(t, pgtest.URL(t)), open(t, pgtest.URL(t))
	if _, err := one.ExecContext(t.Context(), "CREATE TABLE mine (id int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := two.ExecContext(t.Context(), "SELECT * FROM mine"); err == nil {
		t.Fatal("the table of one database is seen in the other")
	}
}

func TestSharedServerOutlivesGarbageCollection(t *testing.T) {
	db := open(t, pgtest.URL(t))
	runtime.GC() // collects unreferenced objects and queues their finalizers
	runtime.GC()
	for range 20 {
		if err := db.PingContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		runtime.GC()
	}
}

func TestCommittedRowsSurviveEveryWayToStop(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{})
	db := open(t, s.URL("postgres"))
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE kept (mode text)"); err != nil {
		t.Fatal(err)
	}
	modes := []pgtest.Mode{pgtest.Fast, pgtest.Immediate, pgtest.Kill}
	for i, mode := range modes {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO kept VALUES ($1)", string(mode)); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(t.Context(), mode); err != nil {
			t.Fatalf("restart (%s): %v", mode, err)
		}
		db = open(t, s.URL("postgres"))
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != i+1 {
			t.Errorf("after %s: %d rows, want %d", mode, n, i+1)
		}
	}
}

func TestFrozenServerIsSilentAndGoesOnWhenThawed(t *testing.T) {
	s := pgtest.Start(t, pgtest.Options{})
	if !answers(t, s.Port()) {
		t.Error("the server does not answer before it is frozen")
	}
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	if answers(t, s.Port()) {
		t.Error("a frozen server answers")
	}
	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), "postgres", "SELECT 1"); err != nil {
		t.Errorf("a thawed server: %v", err)
	}
}

func TestPromotedStandbyHasWhatThePrimaryAcknowledged(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t, "one")
	for _, query := range []string{
		"ALTER SYSTEM SET synchronous_standby_names = 'one'",
		"SELECT pg_reload_conf()",
		"CREATE TABLE kept AS SELECT 42 AS answer",
	} {
		if err := primary.Exec(t.Context(), "postgres", query); err != nil {
			t.Fatal(err)
		}
	}
	if err := primary.Stop(pgtest.Immediate); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := standby.Exec(t.Context(), "postgres", "INSERT INTO kept VALUES (43)"); err != nil {
		t.Fatal(err)
	}
}

func TestServerIsGoneAfterItsProcessWasKilled(t *testing.T) {
	for _, state := range []string{"running", "frozen"} {
		t.Run(state, func(t *testing.T) {
			exe, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), exe)
			cmd.Env = append(os.Environ(), crashes+"="+state)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			dir, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			dir = strings.TrimSpace(dir)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			// The error says that the process was killed.
			_ = cmd.Wait()
			awaitRemoved(t, dir)
		})
	}
}

// answers requests TLS, which a running server answers with one byte at once, whatever its settings.
func answers(t *testing.T, port int) bool {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sslRequest := []byte{0, 0, 0, 8, 4, 210, 22, 47}
	if _, err := conn.Write(sslRequest); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1))
	return err == nil
}

func awaitRemoved(t *testing.T, dir string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		_, err := os.Stat(dir)
		if errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", dir)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
