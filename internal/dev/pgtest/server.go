// Package pgtest runs real PostgreSQL servers for tests: it finds the programs or installs them, starts a server in a
// temporary directory as an unprivileged user, and removes it even if the tests crash.
//
// Most tests need only a database: use URL. Tests that disturb the server start their own: use Start.
//
// It needs Linux, because it finds child processes through /proc.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startTimeout is the time limit of each step of starting: a machine that runs many tests is slow.
const startTimeout = 2 * time.Minute

// Options configures a server. The zero value suits most tests.
type Options struct {
	// Fsync makes commits survive a crash of the machine. Without it, the default, they survive a crash of the server, which
	// is enough for tests that kill processes, and much faster.
	Fsync bool
	// Locale is the locale of the databases, "" for C.UTF-8: ordered by code point, with lower() for all of Unicode.
	Locale string
	// Settings are added to postgresql.conf, with values in its syntax: {"max_connections": "20",
	// "synchronous_standby_names": "'*'"}.
	Settings map[string]string
}

// Server is a PostgreSQL server on 127.0.0.1. It is safe for concurrent use.
type Server struct {
	bin      string // directory of the programs
	dir      string // has data/, the socket and the log
	port     int
	owner    account
	watchdog *watchdog

	mu   sync.Mutex
	cmd  *exec.Cmd     // the postmaster, nil while it does not run
	done chan struct{} // closed when cmd has ended
}

// Start starts a server that ends with the test.
func Start(t testing.TB, opts Options) *Server {
	t.Helper()
	s, err := New(t.Context(), opts)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close PostgreSQL: %v", err)
		}
	})
	return s
}

// New starts a server that ends with Close, or with this process.
func New(ctx context.Context, opts Options) (*Server, error) {
	s, err := prepare(ctx)
	if err != nil {
		return nil, err
	}
	locale := opts.Locale
	if locale == "" {
		locale = "C.UTF-8"
	}
	err = s.run(ctx, "initdb", "-D", s.data(), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale="+locale, "--no-sync", "--no-instructions")
	if err == nil {
		err = s.configure(opts)
	}
	if err == nil {
		err = s.launch(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare creates a directory for a server and chooses its port.
func prepare(ctx context.Context) (*Server, error) {
	bin, err := binaries(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	// Not t.TempDir: its path is long, and the path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, fmt.Errorf("make the server's directory: %w", err)
	}
	s := &Server{bin: bin, dir: dir, owner: owner}
	if s.watchdog, err = guard(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	err = os.Chown(dir, owner.uid, owner.gid)
	if err == nil {
		s.port, err = freePort(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	addr, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(fmt.Errorf("find a free port: address %v", l.Addr()), l.Close())
	}
	return addr.Port, l.Close()
}

// configure appends the settings of a test server to postgresql.conf, where later ones take precedence.
func (s *Server) configure(opts Options) error {
	settings := map[string]string{
		"listen_addresses":        "'127.0.0.1'",
		"unix_socket_directories": "'" + s.dir + "'",
		"max_connections":         "300",
		"shared_buffers":          "'64MB'",
		"max_wal_senders":         "10",
		"wal_keep_size":           "'256MB'",
		"autovacuum_naptime":      "'10s'",
		"max_parallel_workers":    "2",
		"timezone":                "'UTC'",
		"log_line_prefix":         "'%m [%p] %a '",
		"restart_after_crash":     "on",
	}
	if !opts.Fsync {
		settings["fsync"] = "off"
		settings["full_page_writes"] = "off"
	}
	maps.Copy(settings, opts.Settings)
	return s.appendSettings(settings)
}

func (s *Server) appendSettings(settings map[string]string) error {
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure PostgreSQL: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if _, err := fmt.Fprintf(f, "%s = %s\n", name, settings[name]); err != nil {
			return errors.Join(fmt.Errorf("configure PostgreSQL: %w", err), f.Close())
		}
	}
	return f.Close()
}

// run runs one of PostgreSQL's programs.
func (s *Server) run(ctx context.Context, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "LC_ALL=C.UTF-8")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner.credential}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Directory returns the directory with the server's data, socket and log.
func (s *Server) Directory() string { return s.dir }

// Port returns the TCP port on 127.0.0.1, which restarts keep.
func (s *Server) Port() int { return s.port }

// Pid returns the process id of the postmaster.
func (s *Server) Pid() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return 0, errors.New("PostgreSQL does not run")
	}
	return s.cmd.Process.Pid, nil
}

// URL returns the connection string of a database of this server, for its superuser and without TLS. The database postgres
// always exists.
func (s *Server) URL(database string) string {
	return "postgres://postgres@127.0.0.1:" + strconv.Itoa(s.port) + "/" + database + "?sslmode=disable"
}

// Log returns what the server has logged so far.
func (s *Server) Log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Close stops the server, also a frozen one, and removes its files.
func (s *Server) Close() error {
	err := s.Stop(Immediate)
	return errors.Join(err, s.watchdog.release())
}
