package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockDirectory takes the lock of a directory, after waiting for other processes and stores. It is a kernel lock and ends
// with the process. It locks the directory and not the database file, because closing a second descriptor of that file would
// drop SQLite's own locks. It is not one of SQLite's locks, because a migration may need to run outside a transaction.
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
