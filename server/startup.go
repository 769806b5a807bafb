package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"cloudapi/ent/migrate"
	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

const (
	// firstPause and longestPause are what the server waits between two looks at
	// a database that it cannot use yet.
	firstPause   = 100 * time.Millisecond
	longestPause = 2 * time.Second
	// databaseTime is how long a database may take to answer a look.
	databaseTime = 10 * time.Second
	// remindEvery is how often the log repeats what the server waits for.
	remindEvery = 30 * time.Second
)

// readiness is why a server is not ready for requests, "" if it is. It is safe
// for concurrent use.
type readiness struct {
	reason atomic.Pointer[string]
	notify func(status string) // called with each new reason
}

func newReadiness(notify func(string)) *readiness {
	r := &readiness{notify: notify}
	r.set("starting")
	return r
}

func (r *readiness) set(reason string) {
	if before := r.reason.Swap(&reason); before == nil || *before != reason {
		r.notify(reason)
	}
}

// NotReady is the reason, for /readyz and for refusals.
func (r *readiness) NotReady() string { return *r.reason.Load() }

// startup takes a server that listens to the point where it can answer
// requests.
type startup struct {
	store       *store.Store
	state       *readiness
	log         *slog.Logger
	autoMigrate bool
	// prepare does what is needed once the database is migrated, and may be
	// called again if that fails.
	prepare func(context.Context) error
	// announce is called once, when the server is ready.
	announce func()
}

// run returns when the server is ready, when ctx has ended, or when something is
// wrong that waiting does not mend. A database that is away is waited for,
// also if it goes away in between.
func (s *startup) run(ctx context.Context) error {
	var reminded time.Time
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := s.attempt(ctx)
		switch {
		case err == nil:
			s.state.set("")
			s.announce()
			return nil
		case ctx.Err() != nil:
			return nil
		case !fault.Is(store.Fault(err), fault.Unavailable) || store.Hopeless(err):
			return err
		}
		if time.Since(reminded) > remindEvery {
			s.log.WarnContext(ctx, "the server is not ready yet", "waiting_for", s.state.NotReady(), "reason", explain(err))
			reminded = time.Now()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// attempt does all steps once.
func (s *startup) attempt(ctx context.Context) error {
	if s.state.NotReady() == "starting" {
		s.state.set("waiting for the database")
	}
	look, cancel := context.WithTimeout(ctx, databaseTime)
	defer cancel()
	if err := s.store.Ping(look); err != nil {
		s.state.set("waiting for the database")
		if errors.Is(err, context.DeadlineExceeded) {
			err = fault.New(fault.Unavailable, "The database does not answer.").Because(err)
		}
		return err
	}
	if err := s.migrate(ctx, look); err != nil {
		return err
	}
	return s.prepare(ctx)
}

// migrate brings the database to the schema of this program, or finds that
// somebody has done so.
func (s *startup) migrate(ctx, look context.Context) error {
	if err := store.CheckVersion(look, s.store, migrate.Files); err != nil {
		return err
	}
	if s.autoMigrate {
		s.state.set("migrating the database")
		_, err := store.Migrate(ctx, s.store, migrate.Files)
		return err
	}
	pending, err := store.Pending(look, s.store, migrate.Files)
	if err != nil {
		return err
	}
	if len(pending) == 0 {
		return nil
	}
	s.state.set(fmt.Sprintf("the database is not migrated: %d migrations are pending", len(pending)))
	return fault.New(fault.Unavailable, "%d migrations are pending: run cloudapi migrate up, or start with --auto-migrate.", len(pending))
}
