package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"cloudapi/internal/fault"
)

// Backup writes a copy of an SQLite database to a new file that only its owner can read. The copy is consistent; servers may
// read and write meanwhile. On failure no file is left. For PostgreSQL it fails with BAD_USER_INPUT, because PostgreSQL has
// its own programs for that.
func (s *Store) Backup(ctx context.Context, file string) error {
	if s.dialect == postgres {
		return fault.New(fault.Invalid, "A PostgreSQL database is backed up with pg_dump.")
	}
	var tables int
	if err := s.reader.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
		return fmt.Errorf("read the database: %w", err)
	}
	if tables == 0 {
		return fault.New(fault.Invalid, "The database is empty: is its URL right?")
	}
	// VACUUM INTO accepts an empty file and keeps its permissions.
	made, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fault.New(fault.Invalid, "The backup must be a new file: %v", err).Because(err)
	}
	_, err = s.writer.ExecContext(ctx, "VACUUM INTO ?", file)
	if err == nil {
		err = newEpoch(ctx, file)
	}
	if err == nil {
		// SQLite does not sync the copy to the disk.
		err = made.Sync()
	}
	if err = errors.Join(err, made.Close()); err != nil {
		return errors.Join(fmt.Errorf("back up to %s: %w", file, err), os.Remove(file))
	}
	return nil
}

// newEpoch gives a copy its own epoch: from here on, the positions of its changes differ from the original's
// (internal/event).
func newEpoch(ctx context.Context, file string) (err error) {
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'event_state'").Scan(&tables)
	if err != nil || tables == 0 {
		return err
	}
	_, err = db.ExecContext(ctx, "UPDATE event_state SET epoch = lower(hex(randomblob(8)))")
	return err
}
