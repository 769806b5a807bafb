package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	entsql "entgo.io/ent/dialect/sql"

	"cloudapi/internal/store"
)

// TestWALIsCut: when a long read ends, SQLite's WAL shrinks again while the program runs.
func TestWALIsCut(t *testing.T) {
	const limit = 16 << 20
	path := filepath.Join(t.TempDir(), "test.db")
	s := open(t, store.Options{URL: "sqlite://" + path})
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	mustExec(t, s, "CREATE TABLE bulk (id INTEGER PRIMARY KEY, content BLOB)")
	read, err := sqlDB(s).BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var rows entsql.Rows
	if err := read.Query(t.Context(), "SELECT count(*) FROM bulk", []any{}, &rows); err != nil {
		t.Fatal(err)
	}
	rows.Next()
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	for range 24 {
		mustExec(t, s, "INSERT INTO bulk (content) VALUES (randomblob(1048576))")
	}
	if got := size(); got <= limit {
		t.Fatalf("the WAL has %d bytes: the read does not hold it up", got)
	}
	if err := read.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		mustExec(t, s, "INSERT INTO bulk (content) VALUES (randomblob(1048576))")
	}
	if got := size(); got > limit {
		t.Errorf("the WAL still has %d bytes, not at most %d", got, limit)
	}
}
