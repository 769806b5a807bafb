package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"cloudapi/internal/fault"
)

// prepareFile creates a missing SQLite file, and checks an existing one. SQLite gives the files beside it (-wal, -shm) the
// same permissions, so that only its owner can read any of them, whatever the umask.
func (s *Store) prepareFile(path string) (isNew bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return false, fault.New(fault.Invalid, "%s is a directory, not a database.", absolute(path))
	case err == nil:
		if info.Mode().Perm()&0o077 != 0 {
			s.options.Logger.Warn("others on this machine can read the database file: chmod 600 it, and the files beside it", "file", absolute(path))
		}
		return false, s.checkApplicationID(path)
	case !errors.Is(err, fs.ErrNotExist):
		return false, fault.New(fault.Unavailable, "The database file %s cannot be looked at.", absolute(path)).Because(err)
	case s.options.MustExist:
		return false, fault.New(fault.NotFound, "There is no database: the file %s does not exist. "+
			"Name another with --database-url, or create it with cloudapi serve or cloudapi migrate up.", absolute(path))
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		// The umask may have removed even the owner's permissions.
		err = errors.Join(file.Chmod(0o600), file.Close())
	}
	if err != nil {
		return false, fault.New(fault.Unavailable, "The database file %s cannot be created.", absolute(path)).Because(err)
	}
	return true, nil
}

// absolute returns the absolute path, for a reader in another directory.
func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// applicationIDOffset is the offset of the application id in the header of an SQLite file, a big-endian number (SQLite's
// file format, 1.3.14).
const applicationIDOffset = 68

// checkApplicationID rejects a file of another program before SQLite opens it, because opening it would change its journal
// mode.
func (s *Store) checkApplicationID(path string) error {
	if s.options.ApplicationID == 0 {
		return nil
	}
	file, err := os.Open(path)
	if err != nil {
		return fault.New(fault.Unavailable, "The database file %s cannot be opened.", absolute(path)).Because(err)
	}
	defer func() { _ = file.Close() }()
	header := make([]byte, applicationIDOffset+4)
	if _, err := io.ReadFull(file, header); err != nil || binary.BigEndian.Uint32(header[applicationIDOffset:]) != s.options.ApplicationID {
		return fault.New(fault.Conflict, "The file %s was not made for this purpose, and is left alone.", absolute(path))
	}
	return nil
}

func (s *Store) writeApplicationID(ctx context.Context) error {
	for _, statement := range []string{
		fmt.Sprintf("PRAGMA application_id = %d", int32(s.options.ApplicationID)), //nolint:gosec // SQLite reads it as a signed number
		// The header of the file itself must contain it, also after a crash.
		"PRAGMA wal_checkpoint(TRUNCATE)",
	} {
		if _, err := s.writer.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("mark the database file: %w", Fault(err))
		}
	}
	return nil
}

// Name describes the database for a person, without the password.
func (s *Store) Name() string {
	if s.dialect != postgres {
		return "sqlite://" + absolute(s.address.path)
	}
	c := s.address.config
	hosts := fmt.Sprintf("%s:%d", c.Host, c.Port)
	for _, more := range c.Multi {
		hosts += fmt.Sprintf(",%s:%d", more.Host, more.Port)
	}
	return fmt.Sprintf("postgres://%s@%s/%s", c.User, hosts, c.Database)
}
