package event

import (
	"context"
	"errors"
	"time"
)

// minNotifyInterval is the minimum time between two notifications of one server, so that many changes wake the others once.
const minNotifyInterval = 5 * time.Millisecond

func (f *Feed) notifyOthers(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.notify:
		}
		limited, cancel := context.WithTimeout(ctx, f.o.PollInterval)
		// The other servers' polling makes up for a lost notification.
		if err := f.o.Notify(limited); err != nil && ctx.Err() == nil {
			f.o.Log.DebugContext(ctx, "other servers could not be notified", "error", err)
		}
		cancel()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(minNotifyInterval):
		}
	}
}

func (f *Feed) waitForOthers(ctx context.Context) error {
	wake := func() {
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
	if err := f.o.Wait(ctx, wake); err != nil && !errors.Is(err, context.Canceled) {
		f.o.Log.WarnContext(ctx, "no notifications from the database: streams look for changes every now and then",
			"every", f.o.PollInterval, "error", err)
	}
	return nil
}
