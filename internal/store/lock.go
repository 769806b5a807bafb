package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockDirectory waits until no other process or store holds the lock of a
// directory, and takes it. The lock is the kernel's and ends with the process.
// It is the directory's and not the database file's, because to close a second
// descriptor of that file would drop SQLite's own locks; and it is not one of
// SQLite's, because a migration may need to run outside of a transaction.
func lockDirectory(ctx context.Context, path string) (release func() error, err error) {
	directory, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	for {
		err := syscall.Flock(int(directory.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return directory.Close, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), directory.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), directory.Close())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
