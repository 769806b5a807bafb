package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"cloudapi/internal/fault"
)

// compatibleMark is the line of a migration that marks its result as usable by the previous release. It is stored in the
// database, where the previous release reads it.
const compatibleMark = "-- +compatible"

// Unknown is a migration that a newer version of the program has applied.
type Unknown struct {
	Version    int64
	Applied    time.Time
	Compatible bool // this program can use its result
}

// UnknownMigrations returns the applied migrations that are not in files, in order.
func UnknownMigrations(ctx context.Context, s *Store, files fs.FS) ([]Unknown, error) {
	known, err := Status(ctx, s, files)
	if err != nil {
		return nil, err
	}
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return nil, err
	}
	delete(applied, 0) // goose's own first row
	for _, m := range known {
		delete(applied, m.Version)
	}
	if len(applied) == 0 {
		return nil, nil
	}
	compatible, err := s.compatibleMigrations(ctx)
	if err != nil {
		return nil, err
	}
	unknown := make([]Unknown, 0, len(applied))
	for version, at := range applied {
		unknown = append(unknown, Unknown{Version: version, Applied: at, Compatible: compatible[version]})
	}
	slices.SortFunc(unknown, func(a, b Unknown) int { return int(a.Version - b.Version) })
	return unknown, nil
}

// CheckVersion fails with CONFLICT if a newer version of the program has migrated the database, unless this version can use
// the result.
func CheckVersion(ctx context.Context, s *Store, files fs.FS) error {
	unknown, err := UnknownMigrations(ctx, s, files)
	if err != nil {
		return err
	}
	var versions []string
	for _, m := range unknown {
		if !m.Compatible {
			versions = append(versions, fmt.Sprint(m.Version))
		}
	}
	if len(versions) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, "A newer version of this program has migrated the database, and this version does not run on the result "+
		"(migration %s): start the newer version, or restore a backup from before it.", strings.Join(versions, ", "))
}

// compatibleMigrations returns the migrations whose result older programs can use.
func (s *Store) compatibleMigrations(ctx context.Context) (map[int64]bool, error) {
	compatible := map[int64]bool{}
	exists, err := s.hasTable(ctx, "compatible_migrations")
	if err != nil || !exists {
		return compatible, err
	}
	found, err := s.reader.QueryContext(ctx, "SELECT version_id FROM compatible_migrations")
	if err != nil {
		return nil, Fault(err)
	}
	defer func() { _ = found.Close() }()
	for found.Next() {
		var version int64
		if err := found.Scan(&version); err != nil {
			return nil, Fault(err)
		}
		compatible[version] = true
	}
	return compatible, Fault(found.Err())
}

// hasTable reports whether the database has a table.
func (s *Store) hasTable(ctx context.Context, name string) (bool, error) {
	query := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '" + name + "'"
	if s.dialect == postgres {
		query = "SELECT count(to_regclass('" + name + "'))"
	}
	var count int
	err := s.reader.QueryRowContext(ctx, query).Scan(&count)
	return count > 0, Fault(err)
}

// markCompatible records which pending migrations the previous release can use. It does so before they are applied: the mark
// of a migration that is not applied has no effect.
func (s *Store) markCompatible(ctx context.Context, files fs.FS, pending []Migration) error {
	var versions []int64
	for _, m := range pending {
		text, err := s.migrationText(files, m)
		if err != nil {
			return err
		}
		if strings.Contains("\n"+text, "\n"+compatibleMark+"\n") {
			versions = append(versions, m.Version)
		}
	}
	if len(versions) == 0 {
		return nil
	}
	if _, err := s.writer.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS compatible_migrations (version_id BIGINT PRIMARY KEY)"); err != nil && !madeByAnother(err) {
		return Fault(err)
	}
	for _, version := range versions {
		if _, err := s.writer.ExecContext(ctx, "INSERT INTO compatible_migrations (version_id) VALUES ("+fmt.Sprint(version)+") ON CONFLICT DO NOTHING"); err != nil {
			return Fault(err)
		}
	}
	return nil
}

// madeByAnother reports whether another server created the same table at the same time, which IF NOT EXISTS does not
// prevent.
func madeByAnother(err error) bool {
	answer, ok := errors.AsType[*pq.Error](err)
	return ok && (answer.Code == pqerror.UniqueViolation || answer.Code == pqerror.DuplicateTable)
}

// PendingSQL returns the SQL that Migrate would send.
func PendingSQL(ctx context.Context, s *Store, files fs.FS) (string, error) {
	pending, err := Pending(ctx, s, files)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, m := range pending {
		text, err := s.migrationText(files, m)
		if err != nil {
			return "", err
		}
		up, _, _ := strings.Cut(text, "-- +goose Down")
		fmt.Fprintf(&out, "-- %s\n%s\n\n", m.Name, strings.TrimSpace(up))
	}
	return out.String(), nil
}

func (s *Store) migrationText(files fs.FS, m Migration) (string, error) {
	directory := "sqlite"
	if s.dialect == postgres {
		directory = "postgres"
	}
	text, err := fs.ReadFile(files, path.Join(directory, m.Name))
	if err != nil {
		return "", fmt.Errorf("read the migration %s: %w", m.Name, err)
	}
	return string(text), nil
}
