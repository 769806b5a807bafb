package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cloudapi/ent/migrate"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
)

var listening = regexp.MustCompile(`msg=listening url=(\S+)`)

// begin runs `serve` with flags and returns as soon as it listens.
func begin(t *testing.T, flags ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &running{logs: &lines{}}
	status := make(chan int, 1)
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--admin-password", testPassword, "--drain-time", "0s"}, flags...)
	go func() { status <- run(ctx, args, strings.NewReader(""), io.Discard, s.logs) }()
	s.stop = func() int {
		cancel()
		return <-status
	}
	await(t, "the server listens", func() bool {
		if found := listening.FindStringSubmatch(s.logs.String()); found != nil {
			s.URL = found[1]
		}
		return s.URL != ""
	})
	return s
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not after a minute: %s", what)
		}
	}
}

// probe sends a request without credentials.
func probe(t *testing.T, s *running, path string) (int, string) {
	t.Helper()
	answer, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestADatabaseThatIsAwayIsWaitedFor: the server listens, reports the reason for waiting, rejects requests in the form of
// each face, and serves once the database is available.
func TestADatabaseThatIsAwayIsWaitedFor(t *testing.T) {
	database := pgtest.URL(t)
	real := regexp.MustCompile(`@[^/]*:(\d+)/|:(\d+)/`).FindStringSubmatch(database)
	// An unused port, until a proxy to the database listens on it.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	port0 := real[1] + real[2]
	s := begin(t, "--database-url", strings.Replace(database, ":"+port0+"/", ":"+port+"/", 1))
	await(t, "/readyz says what the server waits for", func() bool {
		status, text := probe(t, s, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, "waiting for the database")
	})
	if status, text := probe(t, s, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, text)
	}
	if text := s.ask(t, http.MethodGet, "/appserver/rest/cloud_api_customer/list", ""); !strings.Contains(text, `"code":8002`) {
		t.Errorf("an old URL: %s", text)
	}
	if text := s.ask(t, http.MethodGet, "/graphql?query={__typename}", ""); !strings.Contains(text, "UNAVAILABLE") {
		t.Errorf("GraphQL: %s", text)
	}
	forward(t, address, "127.0.0.1:"+port0)
	await(t, "the server is ready", func() bool {
		status, _ := probe(t, s, "/readyz")
		return status == http.StatusOK
	})
	s.query(t, "{ __typename }")
	if status := s.stop(); status != 0 {
		t.Errorf("ended with %d: %s", status, s.logs)
	}
}

// forward forwards connections until the test ends.
func forward(t *testing.T, from, to string) {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				_ = in.Close()
				continue
			}
			go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
			go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
		}
	}()
}

// TestWithoutAutoMigrateTheServerWaits: on an empty database the server is not ready, reports why, and serves once the
// database is migrated.
func TestWithoutAutoMigrateTheServerWaits(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + filepath.Join(t.TempDir(), "test.db"), "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			s := begin(t, "--database-url", url, "--no-auto-migrate")
			await(t, "/readyz says what is missing", func() bool {
				status, text := probe(t, s, "/readyz")
				return status == http.StatusServiceUnavailable && strings.Contains(text, "migrations are pending")
			})
			var errs bytes.Buffer
			if status := run(t.Context(), []string{"migrate", "up", "--database-url", url}, strings.NewReader(""), io.Discard, &errs); status != 0 {
				t.Fatalf("migrate up: %s", errs.String())
			}
			await(t, "the server is ready", func() bool {
				status, _ := probe(t, s, "/readyz")
				return status == http.StatusOK
			})
			s.query(t, "{ __typename }")
			if status := s.stop(); status != 0 {
				t.Errorf("ended with %d: %s", status, s.logs)
			}
		})
	}
}

// TestANewerDatabaseIsRefused: unless the unknown migrations are marked as compatible.
func TestANewerDatabaseIsRefused(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + filepath.Join(t.TempDir(), "test.db"), "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			newer(t, url, 99990101000000, "-- +compatible\n")
			s := start(t, "--database-url", url)
			s.query(t, "{ __typename }")
			if status := s.stop(); status != 0 {
				t.Fatalf("ended with %d", status)
			}
			newer(t, url, 99990102000000, "")
			for _, command := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"migrate", "up"}, {"user", "list"}} {
				var errs bytes.Buffer
				status := run(t.Context(), append(command, "--database-url", url), strings.NewReader(""), io.Discard, &errs)
				if status != 1 || !strings.Contains(errs.String(), "99990102000000") || strings.Contains(errs.String(), "99990101000000") {
					t.Errorf("%v: %d %s", command, status, errs.String())
				}
			}
			var out bytes.Buffer
			if status := run(t.Context(), []string{"migrate", "status", "--database-url", url}, strings.NewReader(""), &out, io.Discard); status != 0 {
				t.Errorf("migrate status: %d", status)
			}
			for _, want := range []string{"99990101000000", "which runs on it", "99990102000000", "does not run on it"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("migrate status lacks %q: %s", want, out.String())
				}
			}
		})
	}
}

// newer migrates a database as a newer version would.
func newer(t *testing.T, url string, version int64, mark string) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := store.Migrate(t.Context(), s, migrate.Files); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context(), s, with(t, version, mark)); err != nil {
		t.Fatal(err)
	}
}

// with returns the migrations of this version and one more.
func with(t *testing.T, version int64, mark string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	for _, directory := range []string{"postgres", "sqlite"} {
		there, err := fs.Glob(migrate.Files, directory+"/*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range there {
			text, err := fs.ReadFile(migrate.Files, file)
			if err != nil {
				t.Fatal(err)
			}
			files[file] = &fstest.MapFile{Data: text}
		}
		files[fmt.Sprintf("%s/%d_newer.sql", directory, version)] = &fstest.MapFile{
			Data: []byte(fmt.Sprintf("%s-- +goose Up\nCREATE TABLE newer_%d (id bigint);\n", mark, version)),
		}
	}
	return files
}
