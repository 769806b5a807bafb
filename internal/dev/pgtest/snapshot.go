package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Snapshot copies the server's files, for which it restarts the server. restore resets the server to that copy, on the same
// port, with lines added to its configuration.
func (s *Server) Snapshot(t testing.TB) (restore func(settings ...string)) {
	t.Helper()
	kept := filepath.Join(s.dir, "snapshot")
	if err := s.replace(t.Context(), s.data(), kept); err != nil {
		t.Fatalf("copy the server's files: %v", err)
	}
	return func(settings ...string) {
		t.Helper()
		if err := s.replace(t.Context(), kept, s.data(), settings...); err != nil {
			t.Fatalf("restore the server's files: %v", err)
		}
	}
}

// replace copies a directory to another while the server does not run.
func (s *Server) replace(ctx context.Context, from, to string, settings ...string) error {
	err := errors.Join(s.Stop(Fast), os.RemoveAll(to))
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("cp: %w: %s", err, out)
	}
	file, err := os.OpenFile(filepath.Join(s.data(), "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(strings.Join(append([]string{""}, settings...), "\n") + "\n")
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return s.launch(ctx)
}
