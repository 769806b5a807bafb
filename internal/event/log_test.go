package event_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent/migrate"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/event"
	"cloudapi/internal/store"
)

// database is a test database and its URL.
type database struct {
	event.Database
	url string
}

func open(t *testing.T, url string) (*store.Store, database) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, MaxConns: 50, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := store.Migrate(t.Context(), s, migrate.Files); err != nil {
		t.Fatal(err)
	}
	return s, database{s.Driver().(event.Database), url}
}

func each(t *testing.T, test func(t *testing.T, s *store.Store, db database)) {
	for name, url := range map[string]string{"sqlite": "sqlite://" + t.TempDir() + "/test.db", "postgres": pgtest.URL(t)} {
		t.Run(name, func(t *testing.T) {
			s, db := open(t, url)
			test(t, s, db)
		})
	}
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// insert writes a job and returns its guid.
func insert(t *testing.T, db execer, status string) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	_, err := db.ExecContext(t.Context(), `INSERT INTO jobs (id, action, status, started_at, attempts, name, description, error, user_error_message, internal_error_message, user_login)
		VALUES ($1, 'test', $2, $3, 0, '', '', '', '', '', '')`, id.String(), status, time.Now().UTC())
	if err != nil {
		t.Error(err)
	}
	return id
}

func read(t *testing.T, l *event.Log, after event.Position) *event.Page {
	t.Helper()
	page, err := l.Read(t.Context(), event.Range{After: after, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// readAll waits until no transaction holds events back; one of another database of the cluster may do so.
func readAll(t *testing.T, l *event.Log, after event.Position) (page *event.Page) {
	t.Helper()
	eventually(t, func() bool {
		page = read(t, l, after)
		return !page.Waiting
	})
	return page
}

func guids(events []event.Event) []uuid.UUID {
	all := make([]uuid.UUID, len(events))
	for i := range events {
		all[i] = events[i].Job
	}
	return all
}

// TestStepsFollowEachOther: a job whose status changes is read again, at the end.
func TestStepsFollowEachOther(t *testing.T) {
	each(t, func(t *testing.T, _ *store.Store, db database) {
		l := event.NewLog(db)
		start := readAll(t, l, event.Position{}).Head
		first, second := insert(t, db, "WAITING"), insert(t, db, "DONE")
		if got := guids(readAll(t, l, start).Events); fmt.Sprint(got) != fmt.Sprint([]uuid.UUID{first, second}) {
			t.Fatalf("read %v, want %v and %v", got, first, second)
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE jobs SET status = 'DONE' WHERE id = $1", first.String()); err != nil {
			t.Fatal(err)
		}
		page := readAll(t, l, start)
		if got := guids(page.Events); fmt.Sprint(got) != fmt.Sprint([]uuid.UUID{second, first}) {
			t.Fatalf("read %v, want %v and %v", got, second, first)
		}
		if last := page.Events[1]; !last.Done() || !last.Before(page.Head) {
			t.Errorf("read %+v, of which the head is %v", last, page.Head)
		}
		if rest := readAll(t, l, page.Events[1].Position); len(rest.Events) != 0 {
			t.Errorf("after the last there are %v", rest.Events)
		}
	})
}

// TestCommitsOutOfOrder: the transaction that began first commits last. Events of the other transaction wait, and none is
// lost.
func TestCommitsOutOfOrder(t *testing.T) {
	url := pgtest.URL(t)
	_, db := open(t, url)
	l := event.NewLog(db)
	start := read(t, l, event.Position{}).Head
	slow := begin(t, plain(t, url))
	first := insert(t, slow, "DONE")
	second := insert(t, db, "DONE")
	page := read(t, l, start)
	if len(page.Events) != 0 || !page.Waiting {
		t.Fatalf("while the older transaction runs %v are read, held %v", page.Events, page.Waiting)
	}
	if err := slow.Commit(); err != nil {
		t.Fatal(err)
	}
	page = readAll(t, l, start)
	if got := guids(page.Events); fmt.Sprint(got) != fmt.Sprint([]uuid.UUID{first, second}) {
		t.Errorf("read %v, want %v and %v", got, first, second)
	}
}

func plain(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxIdleConns(50)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func begin(t *testing.T, db *sql.DB) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// TestOtherDatabasesDoNotHoldUp: transactions of other databases of the cluster are ignored.
func TestOtherDatabasesDoNotHoldUp(t *testing.T) {
	_, db := open(t, pgtest.URL(t))
	other := begin(t, plain(t, pgtest.URL(t)))
	defer func() { _ = other.Rollback() }()
	if _, err := other.ExecContext(t.Context(), "CREATE TABLE things (n bigint)"); err != nil {
		t.Fatal(err)
	}
	l := event.NewLog(db)
	id := insert(t, db, "DONE")
	r := event.Range{Limit: 10}
	if page, err := l.Read(t.Context(), r); err != nil || len(page.Events) != 0 || !page.Waiting {
		t.Fatalf("read %+v, %v: the other transaction does not hold anything up", page, err)
	}
	r.IgnoreOtherDatabases = true
	eventually(t, func() bool {
		page, err := l.Read(t.Context(), r)
		return err == nil && len(page.Events) == 1 && page.Events[0].Job == id
	})
	own := begin(t, plain(t, db.url))
	defer func() { _ = own.Rollback() }()
	insert(t, own, "DONE")
	late := insert(t, db, "DONE")
	for range 20 {
		page, err := l.Read(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			if e.Job == late {
				t.Fatal("a job is read although an older transaction of this database runs")
			}
		}
	}
}

// TestEveryReaderReadsTheSame: many writers with overlapping transactions, and several readers, each with its own position.
func TestEveryReaderReadsTheSame(t *testing.T) {
	each(t, func(t *testing.T, _ *store.Store, db database) {
		const writers, jobs, readers = 20, 15, 3
		l := event.NewLog(db)
		start := read(t, l, event.Position{}).Head
		begin := func() (execer, func() error) { return db, func() error { return nil } }
		if db.Dialect() == "postgres" {
			plain := plain(t, db.url)
			begin = func() (execer, func() error) {
				tx, err := plain.BeginTx(t.Context(), nil)
				if err != nil {
					t.Error(err)
					return db, func() error { return nil }
				}
				return tx, func() error {
					if rand.IntN(5) == 0 {
						return tx.Rollback()
					}
					return tx.Commit()
				}
			}
		}
		var work sync.WaitGroup
		for range writers {
			work.Go(func() {
				for range jobs {
					tx, end := begin()
					insert(t, tx, "DONE")
					time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
					if err := end(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		finished := make(chan struct{})
		go func() { work.Wait(); close(finished) }()
		seen := make([][]uuid.UUID, readers)
		var reading sync.WaitGroup
		for i := range readers {
			reading.Go(func() { seen[i] = follow(t, l, start, finished) })
		}
		reading.Wait()
		want := guids(readAll(t, l, start).Events)
		for i := range seen {
			if fmt.Sprint(seen[i]) != fmt.Sprint(want) {
				t.Errorf("reader %d has read %d jobs, of %d", i, len(seen[i]), len(want))
			}
		}
	})
}

// follow reads until the writers have finished and no events are left.
func follow(t *testing.T, l *event.Log, at event.Position, finished chan struct{}) (seen []uuid.UUID) {
	for {
		over := false
		select {
		case <-finished:
			over = true
		default:
		}
		page, err := l.Read(t.Context(), event.Range{After: at, Limit: 7})
		if err != nil {
			t.Error(err)
			return seen
		}
		seen = append(seen, guids(page.Events)...)
		if n := len(page.Events); n > 0 {
			at = page.Events[n-1].Position
		} else if over && !page.Waiting {
			return seen
		}
	}
}

// eventually polls for a state.
func eventually(t *testing.T, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not reached in 30 seconds")
		}
	}
}
