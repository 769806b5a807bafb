//go:build upgrade

package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUpgradeLosesAndDoublesNothing replaces the servers of the last release by those of this one, one at a time, on one
// database and under load: for a while both run. It runs only in make test-faults, because it builds the last release.
func TestUpgradeLosesAndDoublesNothing(t *testing.T) {
	last, forgets := lastRelease(t)
	db := onPostgres(t, nil)
	w := newWorldOf(t, db, last, 2, "--drain-time", "500ms")
	w.during(t, 1, func() {
		time.Sleep(duration(time.Second, 20*time.Second))
		for i, server := range w.servers {
			server.terminate()
			if status := server.exit(time.Minute); status != 0 {
				t.Errorf("a server of the last release has ended with %d", status)
			}
			server.binary = binaryPath
			server.again()
			// The other servers still run the last release.
			time.Sleep(duration(2*time.Second, 20*time.Second))
			t.Logf("%d servers are replaced: %s", i+1, w.ledger)
		}
		w.await(t, connections)
	})
	if forgets {
		w.ledger.check(t, w.db.contents(t), "after the upgrade")
		t.Logf("seed %d: %s", *seed, w.ledger)
		return
	}
	w.settle(t)
}

// lastRelease builds the server from the commit in testdata/last-release. A second line, forgets-keys, means that the
// upgrade removes the last release's Idempotency-Keys, as the changelog tells operators: nothing is sent again.
func lastRelease(t *testing.T) (binary string, forgetsKeys bool) {
	t.Helper()
	name, err := os.ReadFile(filepath.Join("testdata", "last-release"))
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	commit, rest, _ := strings.Cut(strings.TrimSpace(string(name)), "\n")
	binary = filepath.Join(directory, "cloudapi")
	// git archives the directory in which it runs.
	archive := exec.CommandContext(t.Context(), "git", "archive", "--format=tar", "--output="+filepath.Join(directory, "source.tar"), commit)
	archive.Dir = filepath.Join("..", "..")
	unpack := exec.CommandContext(t.Context(), "tar", "-xf", "source.tar")
	unpack.Dir = directory
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "./server")
	build.Dir = directory
	for _, command := range []*exec.Cmd{archive, unpack, build} {
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("build the last release, %s: %v\n%s", commit, err, out)
		}
	}
	return binary, rest == "forgets-keys"
}
