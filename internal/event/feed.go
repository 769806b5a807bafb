package event

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"cloudapi/internal/batch"
	"cloudapi/internal/service"
)

// Consumer receives the events that the feed reads.
type Consumer interface {
	// Deliver receives events in order, each once. It must be quick.
	Deliver(events []Event)
	// Restored is called when the database was restored to an earlier state: the next events do not continue those delivered
	// before.
	Restored(epoch Epoch)
}

// Options configures a feed. Zero values mean the defaults.
type Options struct {
	// PollInterval is how often the feed polls for events without a notification, 2 s.
	PollInterval time.Duration
	// PageSize is how many events one statement reads, 500.
	PageSize int
	// Wait calls wake for each notification of another server until ctx ends; nil if the database has no notifications.
	Wait func(ctx context.Context, wake func()) error
	// Notify wakes the other servers; nil if the database has no notifications.
	Notify func(ctx context.Context) error
	Log    *slog.Logger
}

// Feed reads the events of a database for one server, only while it has subscribers. It is safe for concurrent use.
type Feed struct {
	o        Options
	log      *Log
	consumer Consumer
	reads    *batch.Group[struct{}, struct{}, Position]
	wake     chan struct{}
	notify   chan struct{}

	mu           sync.Mutex
	joined       int
	started      bool // at is valid
	at           Position
	epoch        Epoch
	epochRead    bool // epoch has been read
	waitingSince time.Time
	lastRead     time.Time
	failing      bool
}

// NewFeed returns a feed that delivers events to a consumer.
func NewFeed(l *Log, c Consumer, o Options) *Feed {
	o.PollInterval, o.PageSize = cmp.Or(o.PollInterval, 2*time.Second), cmp.Or(o.PageSize, 500)
	f := &Feed{
		o: o, log: l, consumer: c,
		wake: make(chan struct{}, 1), notify: make(chan struct{}, 1),
	}
	f.reads = batch.New(batch.Options{Max: 1 << 20}, func(ctx context.Context, _ struct{}, all []struct{}) []batch.Result[Position] {
		at, err := f.readNew(ctx)
		results := make([]batch.Result[Position], len(all))
		for i := range results {
			results[i] = batch.Result[Position]{Out: at, Err: err}
		}
		return results
	})
	return f
}

// Join starts delivery, until Leave. It returns the current position: everything committed after the call follows that
// position and is delivered.
func (f *Feed) Join(ctx context.Context) (Position, error) {
	f.mu.Lock()
	f.joined++
	f.mu.Unlock()
	at, err := f.reads.Do(ctx, struct{}{}, struct{}{})
	if err != nil {
		f.Leave()
	}
	return at, err
}

// Leave ends one Join.
func (f *Feed) Leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.joined--; f.joined == 0 {
		f.started, f.waitingSince = false, time.Time{}
	}
}

// Read returns a page of events. Events that the feed has delivered are complete, whichever way they were found.
func (f *Feed) Read(ctx context.Context, after Position, limit int) (*Page, error) {
	f.mu.Lock()
	known := f.at
	f.mu.Unlock()
	return f.log.Read(ctx, Range{After: after, Limit: limit, Known: known, IgnoreOtherDatabases: f.WaitingTime() > ignoreForeignAfter})
}

// Epoch returns the epoch of the database. It is valid after Join.
func (f *Feed) Epoch() Epoch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch
}

// WaitingTime returns how long a committed event has been waiting for an older transaction to end, 0 if none waits.
func (f *Feed) WaitingTime() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waitingSince.IsZero() {
		return 0
	}
	return time.Since(f.waitingSince)
}

// Committed reports that this server has committed a job. The feed reads at once and wakes the other servers.
func (f *Feed) Committed() {
	for _, c := range []chan struct{}{f.wake, f.notify} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// readNew reads and delivers all new events. Calls run one after another.
func (f *Feed) readNew(ctx context.Context) (Position, error) {
	f.mu.Lock()
	at, started, known := f.at, f.started, f.epochRead
	f.lastRead = time.Now()
	f.mu.Unlock()
	if !known {
		epoch, err := f.log.Epoch(ctx)
		if err != nil {
			return at, err
		}
		f.mu.Lock()
		f.epoch, f.epochRead = epoch, true
		f.mu.Unlock()
	}
	if !started {
		at, err := f.log.Last(ctx)
		if err == nil {
			f.setPosition(at, false)
		}
		return at, err
	}
	for {
		page, err := f.log.Read(ctx, Range{After: at, Limit: f.o.PageSize, Known: at, IgnoreOtherDatabases: f.WaitingTime() > ignoreForeignAfter})
		if err != nil {
			return at, err
		}
		if page.Next.At <= at.At {
			return f.restart(ctx)
		}
		if n := len(page.Events); n > 0 {
			at = page.Events[n-1].Position
		}
		f.setPosition(at, page.Waiting)
		f.consumer.Deliver(page.Events)
		if len(page.Events) < f.o.PageSize {
			return at, nil
		}
	}
}

// ignoreForeignAfter is how long a transaction may delay events before the feed checks whether it belongs to another database.
const ignoreForeignAfter = 200 * time.Millisecond

func (f *Feed) setPosition(at Position, waiting bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.started = at, f.joined > 0
	switch {
	case !waiting:
		f.waitingSince = time.Time{}
	case f.waitingSince.IsZero():
		f.waitingSince = time.Now()
	}
}

// restart starts a new history after the database was restored.
func (f *Feed) restart(ctx context.Context) (Position, error) {
	f.o.Log.ErrorContext(ctx, "the database has gone back in its history: streams begin anew")
	epoch, err := f.log.Epoch(ctx)
	if err != nil {
		return Position{}, err
	}
	at, err := f.log.Last(ctx)
	if err != nil {
		return at, err
	}
	f.mu.Lock()
	f.epoch = epoch
	f.mu.Unlock()
	f.setPosition(at, false)
	f.consumer.Restored(epoch)
	return at, nil
}

// Run reads events when it is woken, and periodically otherwise, until ctx ends. It may be called again after it has failed.
func (f *Feed) Run(ctx context.Context) error {
	work := []func(context.Context) error{f.run}
	if f.o.Wait != nil {
		work = append(work, f.waitForOthers)
	}
	if f.o.Notify != nil {
		work = append(work, f.notifyOthers)
	}
	return service.All(ctx, work...)
}

func (f *Feed) run(ctx context.Context) error {
	timer := time.NewTimer(f.o.PollInterval)
	defer timer.Stop()
	recheck := firstRecheck
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-timer.C:
		}
		if f.idle() {
			timer.Reset(f.o.PollInterval)
			continue
		}
		_, err := f.reads.Do(ctx, struct{}{}, struct{}{})
		if panicked, ok := errors.AsType[*service.PanicError](err); ok {
			return panicked
		}
		f.report(ctx, err)
		// No notification arrives for an event that waits for an older transaction.
		if err == nil && f.WaitingTime() > 0 {
			timer.Reset(recheck)
			recheck = min(2*recheck, f.o.PollInterval)
		} else {
			recheck = firstRecheck
			timer.Reset(f.o.PollInterval)
		}
	}
}

// firstRecheck is when the feed first retries an event that an older transaction delays.
const firstRecheck = 10 * time.Millisecond

func (f *Feed) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.joined == 0
}

// report logs the first of several failures, and their end.
func (f *Feed) report(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	f.mu.Lock()
	was := f.failing
	f.failing = err != nil
	f.mu.Unlock()
	switch {
	case err != nil && !was:
		f.o.Log.WarnContext(ctx, "changes cannot be read: streams wait", "error", err)
	case err == nil && was:
		f.o.Log.InfoContext(ctx, "changes are read again: streams go on")
	}
}
