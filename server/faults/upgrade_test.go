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

// TestUpgradeLosesAndDoublesNothing replaces the servers of an earlier version by those of this one, one at a time, on one
// database and under load: for a while both run. It runs only in make test-faults, because it builds the earlier versions.
func TestUpgradeLosesAndDoublesNothing(t *testing.T) {
	for _, v := range earlierVersions(t) {
		t.Run(v.commit, func(t *testing.T) { testUpgrade(t, v) })
	}
}

func testUpgrade(t *testing.T, earlier version) {
	db := onPostgres(t, nil)
	w := newWorldOf(t, db, earlier.build(t), 2, "--drain-time", "500ms")
	w.during(t, 1, func() {
		time.Sleep(duration(time.Second, 20*time.Second))
		for i, server := range w.servers {
			server.terminate()
			if status := server.exit(time.Minute); status != 0 {
				t.Errorf("a server of the earlier version has ended with %d", status)
			}
			server.binary = binaryPath
			server.again()
			// The other servers still run the earlier version.
			time.Sleep(duration(2*time.Second, 20*time.Second))
			t.Logf("%d servers are replaced: %s", i+1, w.ledger)
		}
		w.await(t, connections)
	})
	if earlier.forgetsKeys {
		w.ledger.check(t, w.db.contents(t), "after the upgrade")
		t.Logf("seed %d: %s", *seed, w.ledger)
		return
	}
	w.settle(t)
}

// version is a commit of this repository.
type version struct {
	commit string
	// forgetsKeys means that the upgrade removes the version's Idempotency-Keys, as the changelog says: clients send nothing
	// again.
	forgetsKeys bool
}

// earlierVersions reads testdata/earlier-versions: the last release, and the commit before the first release. Each line has a
// commit, and forgets-keys if that applies.
func earlierVersions(t *testing.T) (all []version) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "earlier-versions"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		commit, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		all = append(all, version{commit: commit, forgetsKeys: rest == "forgets-keys"})
	}
	return all
}

// build builds the server of a version.
func (v version) build(t *testing.T) (binary string) {
	t.Helper()
	directory := t.TempDir()
	binary = filepath.Join(directory, "cloudapi")
	// git archives the directory in which it runs.
	archive := exec.CommandContext(t.Context(), "git", "archive", "--format=tar", "--output="+filepath.Join(directory, "source.tar"), v.commit)
	archive.Dir = filepath.Join("..", "..")
	unpack := exec.CommandContext(t.Context(), "tar", "-xf", "source.tar")
	unpack.Dir = directory
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "./server")
	build.Dir = directory
	for _, command := range []*exec.Cmd{archive, unpack, build} {
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v\n%s", v.commit, err, out)
		}
	}
	return binary
}
