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
	// minPause and maxPause bound the pauses between two attempts to use the database.
	minPause = 100 * time.Millisecond
	maxPause = 2 * time.Second
	// databaseTime is the time limit for the database's answer.
	databaseTime = 10 * time.Second
	// reminderInterval is how often the log repeats the reason for waiting.
	reminderInterval = 30 * time.Second
)

// readiness is the reason why a server is not ready for requests, "" if it is ready. It is safe for concurrent use.
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

// NotReady returns the reason, for /readyz and for rejected requests.
func (r *readiness) NotReady() string { return *r.reason.Load() }

// startup prepares a listening server for requests.
type startup struct {
	store       *store.Store
	state       *readiness
	log         *slog.Logger
	autoMigrate bool
	// prepare is called once the database is migrated, and again if it fails.
	prepare func(context.Context) error
	// announce is called once the server is ready.
	announce func()
}

// run returns when the server is ready, when ctx has ended, or after a permanent error. It waits for a database that is
// unavailable, also if it becomes unavailable in between.
func (s *startup) run(ctx context.Context) error {
	var reminded time.Time
	for pause := minPause; ; pause = min(2*pause, maxPause) {
		err := s.attempt(ctx)
		switch {
		case err == nil:
			s.state.set("")
			s.announce()
			return nil
		case ctx.Err() != nil:
			return nil
		case !fault.Is(store.Fault(err), fault.Unavailable) || store.Permanent(err):
			return err
		}
		if time.Since(reminded) > reminderInterval {
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

// attempt tries all steps once.
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

// migrate migrates the database to this program's schema, or checks that another process has.
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
