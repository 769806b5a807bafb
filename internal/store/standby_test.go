package store_test

import (
	"context"
	"testing"
	"time"

	"cloudapi/internal/pgtest"
	"cloudapi/internal/store"
)

const whoAnswers = "SELECT pg_is_in_recovery()"

func TestQueriesGoToAStandbyOnlyWhenThatIsSafe(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t, "one")
	s := open(t, store.Options{URL: primary.URL("postgres"), ReadURL: standby.URL("postgres")})
	mustExec(t, s, "CREATE TABLE things (n bigint)")
	written := func() store.Position {
		t.Helper()
		mustExec(t, s, "INSERT INTO things (n) VALUES (1)")
		p, err := s.WritePosition(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	answeredByStandby := func(reached store.Position) bool {
		t.Helper()
		got, err := column[bool](store.AllowStandby(t.Context(), reached), s, whoAnswers)
		if err != nil {
			t.Fatal(err)
		}
		return got[0]
	}
	want(t, s, []bool{false}, whoAnswers) // not allowed

	position := written()
	await(t, "the standby to catch up", func() bool { return answeredByStandby(position) })
	ctx := store.AllowStandby(t.Context(), position)
	if got, err := column[int64](ctx, s, "SELECT n FROM things"); err != nil || len(got) != 1 {
		t.Errorf("the standby answers %v, %v", got, err)
	}
	if err := exec(ctx, s, "INSERT INTO things (n) VALUES (2)"); err != nil {
		t.Errorf("a change on a context that allows standbys: %v", err)
	}
	if _, err := column[int64](ctx, s, "SELECT n FROM things FOR UPDATE"); err != nil {
		t.Errorf("a query that locks: %v", err)
	}

	if err := standby.Exec(t.Context(), "postgres", "SELECT pg_wal_replay_pause()"); err != nil {
		t.Fatal(err)
	}
	behind := written()
	if answeredByStandby(behind) {
		t.Error("a standby answers that is behind")
	}
	if !answeredByStandby(position) {
		t.Error("a standby does not answer that has come far enough")
	}
	if err := standby.Exec(t.Context(), "postgres", "SELECT pg_wal_replay_resume()"); err != nil {
		t.Fatal(err)
	}
	await(t, "the standby to catch up", func() bool { return answeredByStandby(behind) })
}

func TestThePrimaryAnswersForAStandbyThatIsAway(t *testing.T) {
	primary := pgtest.Start(t, pgtest.Options{})
	standby := primary.Standby(t, "one")
	s := open(t, store.Options{URL: primary.URL("postgres"), ReadURL: standby.URL("postgres")})
	ask := func() (bool, error) {
		ctx, cancel := context.WithTimeout(store.AllowStandby(t.Context(), 0), time.Second)
		defer cancel()
		got, err := column[bool](ctx, s, whoAnswers)
		return err == nil && got[0], err
	}
	if fromStandby, err := ask(); err != nil || !fromStandby {
		t.Fatalf("standby %v, %v", fromStandby, err)
	}
	if err := standby.Stop(pgtest.Immediate); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if fromStandby, err := ask(); err != nil || fromStandby {
			t.Fatalf("stopped standby: %v, %v", fromStandby, err)
		}
	}
	if err := standby.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the standby to get queries again", func() bool {
		fromStandby, err := ask()
		if err != nil {
			t.Fatal(err)
		}
		return fromStandby
	})
	if err := standby.Freeze(); err != nil {
		t.Fatal(err)
	}
	// Queries that were sent to it before anyone knew may end with their
	// contexts; those that follow are answered.
	await(t, "the primary to answer", func() bool {
		fromStandby, err := ask()
		return err == nil && !fromStandby
	})
	if err := standby.Thaw(); err != nil {
		t.Fatal(err)
	}
}

func TestPositionsReadAsTheyAreWritten(t *testing.T) {
	for _, p := range []store.Position{0, 1, 0x16_B374D848, 1 << 63} {
		got, err := store.ParsePosition(p.String())
		if err != nil || got != p {
			t.Errorf("%v becomes %v, %v", p, got, err)
		}
	}
	for _, text := range []string{"", "/", "1", "1/", "x/1", "1/123456789", "-1/1"} {
		if p, err := store.ParsePosition(text); err == nil {
			t.Errorf("%q is taken for %v", text, p)
		}
	}
}
