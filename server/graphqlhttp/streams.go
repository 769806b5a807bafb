package graphqlhttp

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
	"cloudapi/internal/service"
	"cloudapi/internal/session"
	"cloudapi/internal/viewer"
	"cloudapi/server/observe"
	"cloudapi/server/subscription"
)

// StreamLimits bounds the streams of a server. A zero means the default, which each comment gives.
type StreamLimits struct {
	Connections     int // of a server: 20,000
	UserConnections int // of a user on one server: 500
	Operations      int // concurrent, on a WebSocket: 100
	Subscriptions   int // of a server: 50,000
	// UserSubscriptions is the maximum for a user on one server: 2,000.
	UserSubscriptions int
	Queue             int           // bytes queued for a slow client: 1 MiB
	Message           int64         // size of a client's message in bytes: 1 MiB
	InitTime          time.Duration // until connection_init: 10 s
	IdleTime          time.Duration // of a WebSocket without an operation: 10 min
	PingTime          time.Duration // between pings: 25 s
	WriteTime         time.Duration // to send one message: 30 s
}

// OrDefault returns the limits with each zero replaced by the default.
func (l StreamLimits) OrDefault() StreamLimits {
	return StreamLimits{
		Connections: cmp.Or(l.Connections, 20_000), UserConnections: cmp.Or(l.UserConnections, 500),
		Operations: cmp.Or(l.Operations, 100), Subscriptions: cmp.Or(l.Subscriptions, 50_000),
		UserSubscriptions: cmp.Or(l.UserSubscriptions, 2000),
		Queue:             cmp.Or(l.Queue, 1<<20), Message: cmp.Or(l.Message, 1<<20),
		InitTime: cmp.Or(l.InitTime, 10*time.Second), IdleTime: cmp.Or(l.IdleTime, 10*time.Minute),
		PingTime: cmp.Or(l.PingTime, 25*time.Second), WriteTime: cmp.Or(l.WriteTime, 30*time.Second),
	}
}

// Accounts returns the current state of users and tokens.
type Accounts interface {
	ReadCredentialState(ctx context.Context, users, tokens []uuid.UUID) (*session.CredentialState, error)
}

// Streams has the open streaming connections of a server. It is safe for concurrent use.
type Streams struct {
	Hub      *subscription.Hub
	Accounts Accounts
	Limits   StreamLimits
	Log      *slog.Logger
	// Poll reports whether the users of streams must be checked every few seconds, because changes of rights are not
	// announced. It is nil if every change is announced.
	Poll func() bool
	// Ended is called with the reason for each stream that the server ends.
	Ended func(reason string)

	mu                sync.Mutex
	open              map[*stream]struct{}
	users             map[uuid.UUID]int
	userSubscriptions map[uuid.UUID]int // number of subscriptions by user
	subscriptions     int               // subscriptions of all users
	stopping          bool
	checkNow          chan struct{}
}

// NewStreams returns an empty set of streams.
func NewStreams(hub *subscription.Hub, accounts Accounts, l StreamLimits, log *slog.Logger) *Streams {
	return &Streams{
		Hub: hub, Accounts: accounts, Limits: l.OrDefault(), Log: log, Ended: func(string) {},
		open: map[*stream]struct{}{}, users: map[uuid.UUID]int{}, userSubscriptions: map[uuid.UUID]int{}, checkNow: make(chan struct{}, 1),
	}
}

// stream is one open connection.
type stream struct {
	transport     string
	end           func(ending)
	checkLiveness func(now time.Time) // checks that the client is alive; may be nil
	started       time.Time

	// Guarded by the lock of Streams:
	viewer  *viewer.Viewer
	account *session.User
	expiry  *time.Timer
}

// ending is the reason why a stream ends.
type ending struct {
	code   int // close code of a WebSocket
	reason string
	fault  *fault.Fault // sent to each subscription, nil for none
}

func restartEnding() ending { return ending{code: closeRestart, reason: "Service restart"} }

// add adds a connection, or fails if a limit is reached.
func (s *Streams) add(c *stream) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping:
		return fault.New(fault.Unavailable, "The server is stopping").After(time.Second)
	case len(s.open) >= s.Limits.Connections:
		return tooMany("connections", "The server has %d streams, which is the most it takes", s.Limits.Connections)
	}
	c.started = time.Now()
	s.open[c] = struct{}{}
	return nil
}

func tooMany(limit, format string, max int) error {
	return fault.New(fault.TooMany, format, max).With("limit", limit).With("max", max).After(5 * time.Second)
}

// remove removes a connection.
func (s *Streams) remove(c *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.open[c]; !ok {
		return
	}
	delete(s.open, c)
	s.release(c)
}

func (s *Streams) release(c *stream) {
	if c.expiry != nil {
		c.expiry.Stop()
	}
	if c.viewer == nil {
		return
	}
	if s.users[c.viewer.ID]--; s.users[c.viewer.ID] == 0 {
		delete(s.users, c.viewer.ID)
	}
	c.viewer = nil
}

// identify sets the viewer of a connection, and ends the connection when the credentials expire.
func (s *Streams) identify(ctx context.Context, c *stream, v *viewer.Viewer) error {
	if v == nil {
		return nil
	}
	state, err := s.credentialState(ctx, []*viewer.Viewer{v})
	if err != nil {
		return err
	}
	account, expires, ok := state.Lookup(v)
	if !ok || account.Role != v.Role {
		return fault.AuthenticationFailed()
	}
	if expires.IsZero() || !v.Expires.IsZero() && v.Expires.Before(expires) {
		expires = v.Expires
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[v.ID] >= s.Limits.UserConnections {
		return tooMany("user_connections", "You have %d streams on this server, which is the most it takes", s.Limits.UserConnections)
	}
	s.users[v.ID]++
	c.viewer, c.account = v, account
	if !expires.IsZero() {
		c.expiry = service.AfterFunc(s.Log, "stream-expiry", time.Until(expires), func() { s.revoke(c, "The token has expired") })
	}
	return nil
}

func (s *Streams) revoke(c *stream, reason string) {
	s.Ended(observe.CutRevoked)
	c.end(ending{code: closeForbidden, reason: reason, fault: fault.New(fault.Unauthenticated, "%s", reason)})
}

func (s *Streams) credentialState(ctx context.Context, all []*viewer.Viewer) (*session.CredentialState, error) {
	var users, tokens []uuid.UUID
	for _, v := range all {
		users = append(users, v.ID)
		if v.TokenID != uuid.Nil {
			tokens = append(tokens, v.TokenID)
		}
	}
	return s.Accounts.ReadCredentialState(ctx, users, tokens)
}

// acquireSubscription counts a subscription, or fails if a limit is reached. done ends the subscription.
func (s *Streams) acquireSubscription(v *viewer.Viewer) (done func(), err error) {
	user := uuid.Nil
	if v != nil {
		user = v.ID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.subscriptions >= s.Limits.Subscriptions:
		return nil, tooMany("subscriptions", "The server has %d subscriptions, which is the most it takes", s.Limits.Subscriptions)
	case s.userSubscriptions[user] >= s.Limits.UserSubscriptions:
		return nil, tooMany("user_subscriptions", "You have %d subscriptions on this server, which is the most it takes", s.Limits.UserSubscriptions)
	}
	s.subscriptions++
	s.userSubscriptions[user]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.subscriptions--
		if s.userSubscriptions[user]--; s.userSubscriptions[user] == 0 {
			delete(s.userSubscriptions, user)
		}
	}), nil
}

// Open returns the number of connections by transport, and the number of subscriptions.
func (s *Streams) Open() (connections map[string]int, subscriptions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	connections = map[string]int{transportWebSocket: 0, transportSSE: 0}
	for c := range s.open {
		connections[c.transport]++
	}
	return connections, s.subscriptions
}

// Stop ends all streams; the clients reconnect to another server.
func (s *Streams) Stop() {
	s.mu.Lock()
	s.stopping = true
	all := s.streams()
	s.mu.Unlock()
	if len(all) > 0 {
		s.Log.Info("ending streams: their clients come back elsewhere", "streams", len(all))
	}
	for _, c := range all {
		c.end(restartEnding())
	}
}

func (s *Streams) streams() []*stream {
	all := make([]*stream, 0, len(s.open))
	for c := range s.open {
		all = append(all, c)
	}
	return all
}

// RightsChanged reports that the rights of users may have changed.
func (s *Streams) RightsChanged() {
	select {
	case s.checkNow <- struct{}{}:
	default:
	}
}

// encode returns errors as JSON.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		return []byte(`[{"message":"` + fault.InternalMessage + `"}]`)
	}
	return text
}
