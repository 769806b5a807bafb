package store_test

import (
	"database/sql/driver"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

func TestWrongURLIsRefusedWithoutItsPassword(t *testing.T) {
	for name, url := range map[string]string{
		"no scheme":       "hunter2",
		"other scheme":    "mysql://user:hunter2@host/name",
		"port":            "postgres://user:hunter2@host:port/name",
		"port too large":  "postgres://user:hunter2@host:70000/name",
		"bare slash":      "postgres://user:hunter2/x@host/name",
		"percent":         "postgres://user:hunter2%zz@host/name",
		"sslmode":         "postgres://user:hunter2@host/name?sslmode=hunter2",
		"target":          "postgres://user:hunter2@host/name?target_session_attrs=master",
		"empty host":      "postgres://user:hunter2@host,,other/name",
		"sqlite no file":  "sqlite://",
		"sqlite with key": "sqlite:///file.db?key=hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), store.Options{URL: url})
			if err == nil {
				t.Fatal("accepted", s.Close())
			}
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("not a fault of the caller: %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("shows the password: %v", err)
			}
		})
	}
}

func TestDatabaseThatIsAwayIsUnavailableAndNotAnError(t *testing.T) {
	s := open(t, store.Options{URL: "postgres://user:hunter2@127.0.0.1:1/name?sslmode=disable"})
	err := s.Ping(t.Context())
	if f := fault.As(err); f.Code != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("got %v (%v)", f.Code, err)
	}
}

func TestTimesKeepTheirOrderAndMicroseconds(t *testing.T) {
	east := time.FixedZone("east", 2*60*60)
	ordered := []time.Time{
		time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2024, 2, 29, 2, 0, 0, 0, east), // midnight UTC, a whole second
		time.Date(2024, 2, 29, 0, 0, 0, 1_999, time.UTC),
		time.Date(2024, 2, 29, 0, 0, 0, 500_000_000, time.UTC),
		time.Date(2024, 2, 29, 0, 0, 0, 500_001_000, time.UTC),
		time.Date(2024, 2, 29, 0, 0, 1, 0, time.UTC),
		time.Date(2024, 2, 29, 3, 0, 1, 0, east),
	}
	kept := make([]time.Time, len(ordered))
	for i, at := range ordered {
		kept[i] = at.UTC().Truncate(time.Microsecond)
	}
	onBoth(t, func(t *testing.T, s *store.Store) {
		kind := "datetime"
		if s.Dialect() == "postgres" {
			kind = "timestamptz"
		}
		mustExec(t, s, "CREATE TABLE moments (at "+kind+" NOT NULL)")
		for _, i := range []int{3, 0, 6, 1, 5, 2, 4} {
			mustExec(t, s, "INSERT INTO moments (at) VALUES (?)", ordered[i])
		}
		want(t, s, kept, "SELECT at FROM moments ORDER BY at")
		got, err := column[time.Time](t.Context(), s, "SELECT at FROM moments")
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range got {
			if name, offset := at.Zone(); name != "UTC" || offset != 0 {
				t.Errorf("%v is in the zone %q", at, name)
			}
		}
		for i, at := range ordered {
			want(t, s, append([]time.Time(nil), kept[:i]...), "SELECT at FROM moments WHERE at < ? ORDER BY at", at)
			want(t, s, kept[i:i+1], "SELECT at FROM moments WHERE at = ?", at)
		}
	})
}

func TestLikeRespectsCase(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		mustExec(t, s, "CREATE TABLE names (name text)")
		mustExec(t, s, "INSERT INTO names (name) VALUES (?), (?)", "Acme", "acme")
		want(t, s, []string{"acme"}, "SELECT name FROM names WHERE name LIKE ?", "ac%")
	})
}

func TestReturningAndLockingQueriesReachTheWriter(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		mustExec(t, s, "CREATE TABLE numbers (n bigint)")
		want(t, s, []int64{7}, "INSERT INTO numbers (n) VALUES (?) RETURNING n", 7)
		want(t, s, []int64{8}, "UPDATE numbers SET n = n + 1 RETURNING n")
		want(t, s, []int64{8}, "WITH few AS (SELECT n FROM numbers) SELECT n FROM few")
		want(t, s, []int64{8}, "DELETE FROM numbers RETURNING n")
	})
}

func TestRowsBelowDatabaseSQL(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		mustExec(t, s, "CREATE TABLE numbers (n bigint)")
		mustExec(t, s, "INSERT INTO numbers (n) VALUES (?), (?), (?)", 1, 2, 3)
		query := placeholders(s, "SELECT n FROM numbers WHERE n > ? ORDER BY n")
		var got []driver.Value
		read := func(rows driver.Rows) error {
			row := make([]driver.Value, len(rows.Columns()))
			for {
				if err := rows.Next(row); errors.Is(err, io.EOF) {
					return nil
				} else if err != nil {
					return err
				}
				got = append(got, row[0])
			}
		}
		if err := s.Rows(t.Context(), query, []any{uint8(1)}, read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]driver.Value{int64(2), int64(3)}, got); diff != "" {
			t.Error(diff)
		}
		stop := errors.New("enough")
		for range 50 { // more than there are connections
			err := s.Rows(t.Context(), query, []any{0}, func(driver.Rows) error { return stop })
			if !errors.Is(err, stop) {
				t.Fatalf("got %v, want the reader's own error", err)
			}
		}
	})
}

func TestStatementsAreCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		outer, all := store.WithStatementCounter(t.Context())
		if err := exec(outer, s, "CREATE TABLE numbers (n bigint)"); err != nil {
			t.Fatal(err)
		}
		inner, some := store.WithStatementCounter(outer)
		tx, err := s.Driver().Tx(inner)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := tx.Exec(inner, "INSERT INTO numbers (n) VALUES (1)", []any{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := column[int64](inner, s, "SELECT n FROM numbers"); err != nil {
			t.Fatal(err)
		}
		if some.Count() != 4 || all.Count() != 5 {
			t.Errorf("counted %d and %d, want 4 and 5", some.Count(), all.Count())
		}
	})
}

func TestMemoryLeavesNothingBehind(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	s := open(t, store.Options{URL: "sqlite://:memory:"})
	mustExec(t, s, "CREATE TABLE numbers (n bigint)")
	want[int64](t, s, nil, "SELECT n FROM numbers WHERE n = ?", 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(temporary, "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
