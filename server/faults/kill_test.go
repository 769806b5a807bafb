package faults

import (
	"database/sql"
	"testing"
	"time"
)

// TestKilledServerLosesAndDoublesNothing: kill -9 under load, repeatedly.
func TestKilledServerLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, db *database) {
		w := newWorld(t, db, 1)
		server, random := w.servers[0], source(1)
		n := repetitions(3, 25)
		for round := range n {
			w.during(t, uint64(round+1), func() {
				time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
				server.kill()
			})
			if db.postgres == nil {
				intact(t, db)
			}
			server.again()
		}
		w.settle(t)
		t.Logf("killed %d times in the middle of %d connections' changes", n, connections)
	})
}

// intact checks the integrity of an SQLite file.
func intact(t *testing.T, db *database) {
	t.Helper()
	var found []string
	db.rows(t, "PRAGMA integrity_check", func(scan func(...any) error) error {
		var line sql.NullString
		err := scan(&line)
		found = append(found, line.String)
		return err
	})
	if len(found) != 1 || found[0] != "ok" {
		t.Errorf("integrity_check: %q", found)
	}
}
