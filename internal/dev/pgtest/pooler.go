package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"cloudapi/internal/dev/tool"
)

// Pooler is a PgBouncer in front of a server. It ends with the test.
type Pooler struct {
	dir  string
	port int
}

// Pool starts a PgBouncer with its defaults, in the mode session or transaction, with up to the given number of sessions for
// each database.
func (s *Server) Pool(t testing.TB, mode string, sessions int) *Pooler {
	t.Helper()
	program := tool.Find(t, "pgbouncer")
	dir, err := os.MkdirTemp("", "pooler")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &Pooler{dir: dir, port: port}
	settings := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s/users
pool_mode = %s
default_pool_size = %d
max_client_conn = 1000
`, s.port, port, dir, mode, sessions)
	// The account of the server may not be able to read the directory of the repository.
	copied := filepath.Join(dir, "pgbouncer")
	err = errors.Join(
		os.WriteFile(filepath.Join(dir, "ini"), []byte(settings), 0o644),
		os.WriteFile(filepath.Join(dir, "users"), []byte("\"postgres\" \"\"\n"), 0o644),
		os.Chmod(dir, 0o755), copyFile(program.Path, copied), copyLibraries(program.Libraries, filepath.Join(dir, "lib")))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied, filepath.Join(dir, "ini"))
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(dir, "lib"))
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner.credential, Pdeathsig: syscall.SIGKILL}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	p.await(t)
	return p
}

func (p *Pooler) await(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		c, err := (&net.Dialer{}).DialContext(context.WithoutCancel(t.Context()), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
		if err == nil {
			_ = c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("PgBouncer does not listen: %v\n%s", err, p.Log())
		}
	}
}

// URL returns the connection string of a database behind the pooler.
func (p *Pooler) URL(database string) string {
	return "postgres://postgres@127.0.0.1:" + strconv.Itoa(p.port) + "/" + database + "?sslmode=disable"
}

// Log returns what the pooler has logged.
func (p *Pooler) Log() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func copyLibraries(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "lib*"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if err := copyFile(file, filepath.Join(to, filepath.Base(file))); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755)
}
