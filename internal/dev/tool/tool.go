// Package tool finds programs that tests run and that are not part of this repository. If they are not installed, it
// extracts them from Debian's packages into .build/tools (.ci/tool).
package tool

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Program is a program to run, and the directory with its libraries.
type Program struct{ Path, Libraries string }

// Command returns a command that runs the program until the test ends.
func (p Program) Command(t testing.TB, args ...string) *exec.Cmd {
	c := exec.CommandContext(t.Context(), p.Path, args...)
	c.Env = append(os.Environ(), "LD_LIBRARY_PATH="+p.Libraries)
	return c
}

// Find returns a program by its name, promtool or pgbouncer.
func Find(t testing.TB, name string) Program {
	t.Helper()
	root := root(t)
	command := exec.CommandContext(t.Context(), filepath.Join(root, ".ci", "tool"), name)
	command.Stderr = t.Output()
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s cannot be found or installed: %v", name, err)
	}
	return Program{Path: strings.TrimSpace(string(out)), Libraries: filepath.Join(root, ".build", "tools", "lib")}
}

// root returns the directory of the repository.
func root(t testing.TB) string {
	t.Helper()
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			t.Fatal("go.mod is not above the test")
		}
		directory = parent
	}
}
