package graphqlhttp

import (
	"time"

	"cloudapi/server/observe"
)

// checkLiveness pings a quiet client, and ends a connection whose client is gone or that has no operation.
func (s *socket) checkLiveness(now time.Time) {
	l := s.streams.Limits
	s.mu.Lock()
	quiet, idle, pinged := now.Sub(s.lastReceived), now.Sub(s.idleSince), s.pinged
	if len(s.operations) > 0 || !s.acknowledged {
		idle = 0
	}
	ping := quiet > l.PingTime && !pinged && s.acknowledged
	if ping {
		s.pinged = true
	}
	s.mu.Unlock()
	switch {
	case quiet > 3*l.PingTime && pinged:
		s.streams.Ended(observe.CutSilent)
		s.cancel()
	case idle > l.IdleTime:
		s.end(ending{code: closeNormal, reason: "Idle"})
	case ping:
		s.out.put(&frame{kind: "ping"}, true)
	}
}
