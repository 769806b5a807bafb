package mutants

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Verdict is the result of a test.
type Verdict struct {
	Failed bool
	Why    string // the first message of the failed test
	Took   time.Duration
}

var (
	complaint = regexp.MustCompile(`(?m)^\s+\w+_test\.go:\d+: (.*)$`)
	failure   = regexp.MustCompile(`(?m)^\s*--- FAIL: |^panic: `)
)

// Test runs the test of a mutant in the module at root: on the unchanged program, or with the mutant's changes. A test that
// takes longer than limit fails, because a fault may make it wait forever. A program that cannot be built is an error.
func (m *Mutant) Test(ctx context.Context, root string, mutated bool, limit time.Duration) (Verdict, error) {
	env := os.Environ()
	if mutated {
		dir, err := os.MkdirTemp("", "mutant")
		if err != nil {
			return Verdict{}, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		overlay, err := m.Overlay(root, dir)
		if err != nil {
			return Verdict{}, err
		}
		// Also for programs that tests build.
		env = append(env, strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay))
	}
	args := []string{"test", "-count=1", "-vet=off", "-timeout", limit.String(), "-run", pattern(m.TestName), m.Package}
	started := time.Now()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = root, env
	out, err := cmd.CombinedOutput()
	v := Verdict{Failed: err != nil, Took: time.Since(started)}
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err != nil && (!ended || !exit.Exited()), ctx.Err() != nil:
		return v, errors.Join(err, ctx.Err())
	case err == nil && strings.Contains(string(out), "no tests to run"),
		err != nil && !failure.Match(out):
		return v, fmt.Errorf("go %s: %s", strings.Join(args, " "), out)
	}
	if found := complaint.FindSubmatch(out); found != nil {
		v.Why = string(found[1])
	} else if strings.Contains(string(out), "panic: test timed out") {
		v.Why = "it waits for ever"
	}
	return v, nil
}

// pattern returns a pattern that matches exactly the test, level by level.
func pattern(test string) string {
	return "^" + strings.ReplaceAll(strings.ReplaceAll(test, " ", "_"), "/", "$/^") + "$"
}
