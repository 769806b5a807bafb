package event_test

import (
	"testing"

	"github.com/google/uuid"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/event"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

// TestCursors: a cursor decodes to its position. One of another epoch, of the future, or before pruned jobs fails with the
// reason.
func TestCursors(t *testing.T) {
	each(t, func(t *testing.T, _ *store.Store, db database) {
		l := event.NewLog(db)
		epoch, err := l.Epoch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		insert(t, db, "DONE")
		var at event.Position
		eventually(t, func() bool {
			page := readAll(t, l, event.Position{})
			if len(page.Events) == 1 {
				at = page.Events[0].Position
			}
			return len(page.Events) == 1
		})
		back, err := epoch.Parse(epoch.Cursor(at))
		if err != nil || back != at {
			t.Errorf("%v reads back as %v, %v", at, back, err)
		}
		if err := l.Check(t.Context(), at); err != nil {
			t.Errorf("a position that is there: %v", err)
		}
		other := event.Epoch{1}
		_, err = epoch.Parse(other.Cursor(at))
		refused(t, err, "RESTORED")
		refused(t, l.Check(t.Context(), event.Position{At: at.At, Job: uuid.New()}), "RESTORED")
		refused(t, l.Check(t.Context(), event.Position{At: at.At + 1<<40}), "RESTORED")
		last, err := l.Last(t.Context())
		if err != nil || last.Before(at) || l.Check(t.Context(), last) != nil {
			t.Errorf("the last position is %v, %v: %v", last, err, l.Check(t.Context(), last))
		}
		if _, err := db.ExecContext(t.Context(), "UPDATE event_state SET pruned = $1", at.At); err != nil {
			t.Fatal(err)
		}
		refused(t, l.Check(t.Context(), at), "PRUNED")
		for _, text := range []string{"", "x", "AAAA", epoch.Cursor(at)[1:]} {
			if _, err := epoch.Parse(text); !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}

func refused(t *testing.T, err error, reason string) {
	t.Helper()
	if !fault.Is(err, fault.Invalid) || fault.As(err).Details["reason"] != reason {
		t.Errorf("%v, want the reason %s", err, reason)
	}
}

// TestRestoredElsewhere: a database whose rows have transaction ids of another cluster gets a new epoch and delivers none of
// them.
func TestRestoredElsewhere(t *testing.T) {
	_, db := open(t, pgtest.URL(t))
	l := event.NewLog(db)
	before, err := l.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	insert(t, db, "DONE")
	if _, err := db.ExecContext(t.Context(), "UPDATE jobs SET event_position = event_position + 4000000000000"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE event_state SET source = 'elsewhere'"); err != nil {
		t.Fatal(err)
	}
	kept := insert(t, db, "DONE")
	after, err := l.Epoch(t.Context())
	if err != nil || after == before {
		t.Fatalf("the epoch is %x, %v as before the restore", after, err)
	}
	eventually(t, func() bool {
		page := readAll(t, l, event.Position{})
		return !page.Waiting && len(page.Events) == 1 && page.Events[0].Job == kept
	})
	if again, err := l.Epoch(t.Context()); err != nil || again != after {
		t.Errorf("the epoch is another one at the next look: %x, %v", again, err)
	}
}
