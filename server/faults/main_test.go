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

	// The tests build the binary that they run. go test must know its sources, or it would use a cached result.
	_ "cloudapi/server/api"
)

// The flags of make test-faults.
var (
	long = flag.Bool("long", false, "run each test for a long time")
	seed = flag.Uint64("seed", rand.Uint64(), "the seed of all choices")
	soak = flag.Duration("soak", 0, "how long the soak lasts")
)

// atOnceTests is how many tests run concurrently. They mostly wait: for time limits, leases, and databases that start.
const atOnceTests = 4

// binaryPath is where TestMain builds the server.
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

// build builds the server with the environment's settings; make test-faults sets those of make build's static binary.
func build() error {
	sources, err := filepath.Glob("../*.go")
	if err != nil {
		return err
	}
	for _, path := range sources {
		// This records the dependency for go test, as above: package main cannot be imported.
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

// repetitions returns how often a test repeats its fault: few in make test, many in make test-faults.
func repetitions(few, many int) int {
	if *long {
		return many
	}
	return few
}

// duration returns how long a test runs: short in make test, longer in make test-faults.
func duration(short, longer time.Duration) time.Duration {
	if *long {
		return longer
	}
	return short
}

// source returns the random source of one part of a test.
func source(part uint64) *rand.Rand { return rand.New(rand.NewPCG(*seed, part)) }
