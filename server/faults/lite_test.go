package faults

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestBusyFileIsNeverLockedToClients: 32 writers, 16 readers, and an operator's shell that sometimes takes SQLite's lock.
// All of them wait, and none fails.
func TestBusyFileIsNeverLockedToClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, onSQLite(t.TempDir()), 1)
	w.ledger.expected = func(answer) bool { return false }
	end := time.Now().Add(duration(2*time.Second, time.Minute))
	var others sync.WaitGroup
	for range connections / 2 {
		others.Go(func() {
			for time.Now().Before(end) {
				w.ledger.heard(w.client.query(context.Background(), w.bases[0], "", someReads))
			}
		})
	}
	locks := 0
	w.during(t, 1, func() {
		for time.Now().Before(end) {
			w.holdFile(t, 100*time.Millisecond)
			locks++
		}
		others.Wait()
	})
	intact(t, w.db)
	w.settle(t)
	t.Logf("somebody else held the lock %d times", locks)
}

// holdFile takes the lock of an SQLite file, as another process would.
func (w *world) holdFile(t *testing.T, d time.Duration) {
	t.Helper()
	db := w.db.open(t)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, step := range []string{"BEGIN IMMEDIATE", "ROLLBACK"} {
		if _, err := db.ExecContext(t.Context(), step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
		time.Sleep(d)
		d *= 2 // lets the others work before the next time
	}
}

// TestFullDiskIsACleanError: while no file can grow, reads work, and once there is space again so do changes. The test
// limits the size of the server's files, which needs no rights; where it may mount, it fills a small file system instead.
func TestFullDiskIsACleanError(t *testing.T) {
	t.Run("files limited", func(t *testing.T) {
		w := newWorld(t, onSQLite(t.TempDir()), 1)
		w.fullDisk(t, func() (room func()) {
			limitFiles(t, w.servers[0], 4096)
			return func() { limitFiles(t, w.servers[0], unix.RLIM_INFINITY) }
		})
	})
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Logf("no file system to fill: %v", err)
		return
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	t.Run("disk filled", func(t *testing.T) {
		w := newWorld(t, onSQLite(dir), 1)
		w.fullDisk(t, func() (room func()) { return fill(t, filepath.Join(dir, "filler")) })
	})
}

// fullDisk fills and frees the disk several times under load.
func (w *world) fullDisk(t *testing.T, full func() (room func())) {
	t.Helper()
	w.ledger.expected = away
	n, refusals, reads := repetitions(1, 10), 0, 0
	for round := range n {
		w.during(t, uint64(round+1), func() {
			room := full()
			had := w.ledger.failures()
			for end := time.Now().Add(30 * time.Second); w.ledger.failures() < had+2*connections; reads++ {
				if a := w.client.query(t.Context(), w.bases[0], "", someReads); !a.ok() {
					t.Errorf("a read, while the disk is full: %s", a)
				}
				if time.Now().After(end) {
					t.Fatal("the disk is full, and nobody hears of it")
				}
			}
			refusals += w.ledger.failures() - had
			room()
			w.back(t)
		})
		intact(t, w.db)
	}
	w.settle(t)
	t.Logf("full %d times, for %d answers; %d reads went on", n, refusals, reads)
}

// limitFiles sets the maximum size of a process's files.
func limitFiles(t *testing.T, p *process, size uint64) {
	t.Helper()
	limit := &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, limit, nil); err != nil {
		t.Fatal(err)
	}
}

// fill fills a file system, and returns a function that frees it.
func fill(t *testing.T, path string) (room func()) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(f.Close(), os.Remove(path)); err != nil {
			t.Error(err)
		}
	}
}
