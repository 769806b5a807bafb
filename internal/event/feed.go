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
	// Slow is how often the feed polls for events without a notification, 2 s.
	Slow time.Duration
	// Page is how many events one statement reads, 500.
	Page int
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
	looks    *batch.Group[struct{}, struct{}, Position]
	wake     chan struct{}
	notify   chan struct{}

	mu       sync.Mutex
	wanted   int
	started  bool // at is the position of the feed
	at       Position
	epoch    Epoch
	known    bool // epoch has been read
	held     time.Time
	lastLook time.Time
	failing  bool
}

// NewFeed returns a feed that delivers events to a consumer.
func NewFeed(l *Log, c Consumer, o Options) *Feed {
	o.Slow, o.Page = cmp.Or(o.Slow, 2*time.Second), cmp.Or(o.Page, 500)
	f := &Feed{
		o: o, log: l, consumer: c,
		wake: make(chan struct{}, 1), notify: make(chan struct{}, 1),
	}
	f.looks = batch.New(batch.Options{Most: 1 << 20}, func(ctx context.Context, _ struct{}, all []struct{}) []batch.Result[Position] {
		at, err := f.look(ctx)
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
	f.wanted++
	f.mu.Unlock()
	at, err := f.looks.Do(ctx, struct{}{}, struct{}{})
	if err != nil {
		f.Leave()
	}
	return at, err
}

// Leave ends one Join.
func (f *Feed) Leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wanted--; f.wanted == 0 {
		f.started, f.held = false, time.Time{}
	}
}

// Read returns a page of events. Events that the feed has delivered are complete, whichever way they were found.
func (f *Feed) Read(ctx context.Context, after Position, limit int) (*Page, error) {
	f.mu.Lock()
	known := f.at
	f.mu.Unlock()
	return f.log.Read(ctx, Range{After: after, Limit: limit, Known: known, Thorough: f.Held() > foreignAfter})
}

// Epoch returns the epoch of the database. It is valid after Join.
func (f *Feed) Epoch() Epoch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch
}

// Held returns how long a committed event has been waiting for an older transaction to end, 0 if none waits.
func (f *Feed) Held() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held.IsZero() {
		return 0
	}
	return time.Since(f.held)
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

// look reads and delivers all new events. Calls run one after another.
func (f *Feed) look(ctx context.Context) (Position, error) {
	f.mu.Lock()
	at, started, known := f.at, f.started, f.known
	f.lastLook = time.Now()
	f.mu.Unlock()
	if !known {
		epoch, err := f.log.Epoch(ctx)
		if err != nil {
			return at, err
		}
		f.mu.Lock()
		f.epoch, f.known = epoch, true
		f.mu.Unlock()
	}
	if !started {
		at, err := f.log.Last(ctx)
		if err == nil {
			f.reached(at, false)
		}
		return at, err
	}
	for {
		page, err := f.log.Read(ctx, Range{After: at, Limit: f.o.Page, Known: at, Thorough: f.Held() > foreignAfter})
		if err != nil {
			return at, err
		}
		if page.Next.At <= at.At {
			return f.restart(ctx)
		}
		if n := len(page.Events); n > 0 {
			at = page.Events[n-1].Position
		}
		f.reached(at, page.Held)
		f.consumer.Deliver(page.Events)
		if len(page.Events) < f.o.Page {
			return at, nil
		}
	}
}

// foreignAfter is how long a transaction may delay events before the feed checks whether it belongs to another database.
const foreignAfter = 200 * time.Millisecond

func (f *Feed) reached(at Position, held bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.started = at, f.wanted > 0
	switch {
	case !held:
		f.held = time.Time{}
	case f.held.IsZero():
		f.held = time.Now()
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
	f.reached(at, false)
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
	timer := time.NewTimer(f.o.Slow)
	defer timer.Stop()
	again := firstAgain
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-timer.C:
		}
		if f.idle() {
			timer.Reset(f.o.Slow)
			continue
		}
		_, err := f.looks.Do(ctx, struct{}{}, struct{}{})
		if panicked, ok := errors.AsType[*service.PanicError](err); ok {
			return panicked
		}
		f.report(ctx, err)
		// No notification arrives for an event that waits for an older transaction.
		if err == nil && f.Held() > 0 {
			timer.Reset(again)
			again = min(2*again, f.o.Slow)
		} else {
			again = firstAgain
			timer.Reset(f.o.Slow)
		}
	}
}

// firstAgain is when the feed first retries an event that an older transaction delays.
const firstAgain = 10 * time.Millisecond

func (f *Feed) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.wanted == 0
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
