package session

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/accesstoken"
	"cloudapi/internal/viewer"
)

const (
	// maxPending bounds the tokens whose use is not yet stored.
	maxPending = 10_000
	// writeDelay is how long uses are collected before they are stored.
	writeDelay = time.Second
)

// Usage stores the hour in which each token was last used: after the request, and at most once an hour for each token. It is
// safe for concurrent use.
type Usage struct {
	client *ent.Client
	log    *slog.Logger
	wake   chan struct{}

	mu      sync.Mutex
	pending map[uuid.UUID]time.Time
}

// NewUsage returns a Usage that writes to a database while Run runs.
func NewUsage(client *ent.Client, log *slog.Logger) *Usage {
	return &Usage{client: client, log: log, wake: make(chan struct{}, 1), pending: map[uuid.UUID]time.Time{}}
}

// Record records the use of a token now. If there are too many tokens, it ignores this use.
func (u *Usage) Record(t *Token, now time.Time) {
	hour := now.UTC().Truncate(time.Hour)
	if !t.lastUsed.Before(hour) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.pending) >= maxPending {
		return
	}
	u.pending[t.ID] = hour
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

// Run stores the recorded uses until ctx ends.
func (u *Usage) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-u.wake:
		}
		select {
		case <-ctx.Done():
		case <-time.After(writeDelay):
		}
		if err := u.write(context.WithoutCancel(ctx)); err != nil {
			u.log.WarnContext(ctx, "the last use of access tokens could not be written", "error", err)
		}
	}
}

func (u *Usage) write(ctx context.Context) error {
	u.mu.Lock()
	pending := u.pending
	u.pending = map[uuid.UUID]time.Time{}
	u.mu.Unlock()
	hours := map[time.Time][]uuid.UUID{}
	for id, hour := range pending {
		hours[hour] = append(hours[hour], id)
	}
	ctx, cancel := context.WithTimeout(viewer.SystemContext(ctx), 10*time.Second)
	defer cancel()
	for _, hour := range slices.SortedFunc(maps.Keys(hours), time.Time.Compare) {
		for ids := range slices.Chunk(hours[hour], 500) {
			err := u.client.AccessToken.Update().
				Where(accesstoken.IDIn(ids...), accesstoken.Or(accesstoken.LastUsedAtIsNil(), accesstoken.LastUsedAtLT(hour))).
				SetLastUsedAt(hour).Exec(ctx)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
