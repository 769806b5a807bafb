package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// TestFilesAreTheOwnersAlone: whatever the umask, only the owner can read the database and the files beside it.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	for _, umask := range []int{0, 0o022, 0o277} {
		path := filepath.Join(t.TempDir(), "test.db")
		before := syscall.Umask(umask)
		s, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + path})
		if err == nil {
			mustExec(t, s, "CREATE TABLE t (id INTEGER)")
		}
		syscall.Umask(before)
		if err != nil {
			t.Fatalf("umask %o: %v", umask, err)
		}
		for _, file := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("umask %o: %s has %o", umask, filepath.Base(file), info.Mode().Perm())
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestNoFileIsMade: no file is created if the options require an existing one.
func TestNoFileIsMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	_, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + path, MustExist: true})
	if !fault.Is(err, fault.NotFound) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is there: %v", err)
	}
}

// TestApplicationID: a file with another application id, or none, is not changed.
func TestApplicationID(t *testing.T) {
	marked := store.Options{URL: "sqlite://" + filepath.Join(t.TempDir(), "own.db"), ApplicationID: 0xC1AD0001}
	for range 2 {
		s, err := store.Open(t.Context(), marked)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	plain := filepath.Join(t.TempDir(), "plain.db")
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + plain})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{plain, empty} {
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(t.Context(), store.Options{URL: "sqlite://" + path, ApplicationID: marked.ApplicationID}); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: %v", path, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s has changed, %v", path, err)
		}
	}
}
