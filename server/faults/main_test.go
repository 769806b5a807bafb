package faults

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	// The tests run a binary that they build: what it is made of must be known
	// to go test, or it would take yesterday's result for today's.
	_ "cloudapi/server/api"
)

// The flags of make test-faults.
var (
	long = flag.Bool("long", false, "run each test for a long time")
	seed = flag.Uint64("seed", rand.Uint64(), "the seed of all choices")
	soak = flag.Duration("soak", 0, "how long the soak lasts")
)

// atOnceTests is how many tests run at the same time. They wait for most of their
// time: for time limits, leases, and databases that start.
const atOnceTests = 4

// binaryPath is where TestMain has built the server.
var binaryPath = filepath.Join(os.TempDir(), fmt.Sprintf("cloudapi-faults-%d", os.Getpid()), "cloudapi")

func TestMain(m *testing.M) {
	flag.Parse()
	status := 1
	if err := errors.Join(flag.Set("test.parallel", strconv.Itoa(atOnceTests)), build()); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		status = m.Run()
	}
	if err := os.RemoveAll(filepath.Dir(binaryPath)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// build builds the server, with the environment's settings: make test-faults
// asks for the static binary of make build.
func build() error {
	sources, err := filepath.Glob("../*.go")
	if err != nil {
		return err
	}
	for _, path := range sources {
		// Looked at for go test, as above: package main cannot be imported.
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", binaryPath, "cloudapi/server")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return nil
}

// rounds is how often a test does the same: some times in make test, often in
// make test-faults.
func rounds(few, many int) int {
	if *long {
		return many
	}
	return few
}

// lasting is how long a test does something.
func lasting(short, longer time.Duration) time.Duration {
	if *long {
		return longer
	}
	return short
}

// source is the random source of one part of a test.
func source(part uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, part)) }
