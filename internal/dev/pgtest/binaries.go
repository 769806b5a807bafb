package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// createCluster is the file in which Debian's postgresql-common finds whether installing a server package creates and starts
// a cluster.
const createCluster = "/etc/postgresql-common/createcluster.conf"

// errAbsent is the error if no PostgreSQL server is installed.
var errAbsent = errors.New("no PostgreSQL server found by pg_config, in PATH or in /usr/lib/postgresql")

// binaries returns the directory of postgres, initdb and pg_basebackup. If there is none, and the process is root on Debian,
// it installs them first.
func binaries(ctx context.Context) (string, error) {
	// go test starts a process for each package, and all of them get here at once: one installs, the others wait.
	unlock, err := lockFile(filepath.Join(os.TempDir(), fmt.Sprintf("pgtest-%d.lock", os.Getuid())))
	if err != nil {
		return "", err
	}
	defer unlock()
	if dir, ok := findBinaries(ctx); ok {
		return dir, nil
	}
	if err := install(ctx); err != nil {
		return "", err
	}
	if dir, ok := findBinaries(ctx); ok {
		return dir, nil
	}
	return "", errAbsent
}

// Program returns the path of one of PostgreSQL's programs, of the same version as the tests' servers.
func Program(t testing.TB, name string) string {
	t.Helper()
	dir, err := binaries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

func findBinaries(ctx context.Context) (string, bool) {
	var dirs []string
	if out, err := exec.CommandContext(ctx, "pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	debian, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err == nil {
		slices.SortFunc(debian, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
		dirs = append(dirs, debian...)
	}
	i := slices.IndexFunc(dirs, complete)
	if i < 0 {
		return "", false
	}
	return dirs[i], true
}

// complete reports whether a directory has a server. Debian's pg_config returns a directory even if only libpq-dev is
// installed.
func complete(dir string) bool {
	for _, name := range []string{"postgres", "initdb", "pg_basebackup"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

// majorVersion returns 15 for /usr/lib/postgresql/15/bin, 0 if there is no number.
func majorVersion(dir string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	if err != nil {
		return 0
	}
	return n
}

// install installs Debian's postgresql. It first configures postgresql-common not to create the distribution's own cluster,
// which would run as a service from then on, unless the machine is already configured.
func install(ctx context.Context) error {
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return errAbsent
	}
	if _, err := os.Stat(createCluster); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(createCluster), 0o755); err != nil {
			return fmt.Errorf("prepare the installation of PostgreSQL: %w", err)
		}
		text := "create_main_cluster = false\nstart_conf = manual\n"
		if err := os.WriteFile(createCluster, []byte(text), 0o644); err != nil {
			return fmt.Errorf("prepare the installation of PostgreSQL: %w", err)
		}
	}
	err := aptGet(ctx, "install", "-y", "--no-install-recommends", "postgresql")
	if err == nil {
		return nil
	}
	// The package lists may be missing, as in a new container, or outdated.
	if err := aptGet(ctx, "update"); err != nil {
		return err
	}
	return aptGet(ctx, "install", "-y", "--no-install-recommends", "postgresql")
}

func aptGet(ctx context.Context, args ...string) error {
	args = append([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	// Closing the file unlocks it.
	return func() { _ = f.Close() }, nil
}
