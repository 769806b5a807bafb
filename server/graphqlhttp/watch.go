package graphqlhttp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/viewer"
)

// pollTicks is how many seconds pass between two checks of users when nothing announces changes of rights.
const pollTicks = 2

// checkTime is the time limit of a check of all streams' users.
const checkTime = 10 * time.Second

// Run checks the streams until ctx ends: whether their users still have the rights, and whether the clients are alive.
func (s *Streams) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	again, ticks := false, 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.checkNow:
			again = s.check(ctx) != nil
		case now := <-tick.C:
			ticks++
			if again || ticks%pollTicks == 0 && s.Poll != nil && s.Poll() {
				again = s.check(ctx) != nil
			}
			s.mu.Lock()
			all := s.streams()
			s.mu.Unlock()
			for _, c := range all {
				if c.checkLiveness != nil {
					c.checkLiveness(now)
				}
			}
		}
	}
}

// check ends the streams of users who were disabled or deleted, or whose role or password has changed, and the streams of
// revoked tokens.
func (s *Streams) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	s.mu.Lock()
	seen := map[[2]uuid.UUID]bool{}
	var viewers []*viewer.Viewer
	all := s.streams()
	for _, c := range all {
		if c.viewer != nil && !seen[[2]uuid.UUID{c.viewer.ID, c.viewer.TokenID}] {
			seen[[2]uuid.UUID{c.viewer.ID, c.viewer.TokenID}] = true
			viewers = append(viewers, c.viewer)
		}
	}
	s.mu.Unlock()
	if len(viewers) == 0 {
		return nil
	}
	state, err := s.credentialState(ctx, viewers)
	if err != nil {
		s.Log.WarnContext(ctx, "the users of streams cannot be looked at", "error", err)
		return err
	}
	for _, c := range all {
		s.mu.Lock()
		v, before := c.viewer, c.account
		s.mu.Unlock()
		if v == nil {
			continue
		}
		account, _, ok := state.Lookup(v)
		switch {
		case !ok:
			s.revoke(c, "The credentials are no longer valid")
		case account.PasswordHash != before.PasswordHash && v.TokenID == uuid.Nil:
			s.revoke(c, "The password has changed")
		case account.Role != before.Role:
			s.revoke(c, "The role has changed: sign in again")
		}
	}
	return nil
}
