package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"cloudapi/internal/service"
)

// Times of a listening connection.
const (
	relistenAfter = 100 * time.Millisecond // grows up to relistenMax
	relistenMax   = 5 * time.Second
	probeAfter    = 30 * time.Second // without a notification
	probeTime     = 5 * time.Second
	probeText     = "probe"
)

// Notify sends a text to all listeners of a PostgreSQL channel, on every server.
func (s *Store) Notify(ctx context.Context, channel, text string) error {
	_, err := s.writer.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, text)
	return err
}

// Notified reports whether notifications of the database arrive at this server. They do not arrive behind a pooler
// without LISTEN, and not while the connection for them is lost.
func (s *Store) Notified() bool { return s.notified.Load() }

// Listen calls wake with the text of each notification on a PostgreSQL channel, and with "" when notifications may have been
// missed, until ctx ends. It uses its own connection and reconnects if it is lost. Behind a pooler without LISTEN the
// server's own probe does not arrive, which the log reports.
func (s *Store) Listen(ctx context.Context, channel string, wake func(text string)) error {
	if s.dialect != postgres {
		return errors.ErrUnsupported
	}
	dsn, err := s.dsn()
	if err != nil {
		return err
	}
	l := &listener{store: s, channel: channel}
	pqListener := pq.NewDialListener(listenDialer{}, dsn, relistenAfter, relistenMax, l.onEvent)
	defer func() { _ = pqListener.Close() }()
	service.Go(s.options.Logger, "notification-probe", func() {
		// Listen blocks until there is a connection.
		if err := pqListener.Listen(channel); err != nil && ctx.Err() == nil {
			s.options.Logger.Warn("the database does not take LISTEN", "error", err)
		}
		l.probe(ctx)
	})
	quiet := time.NewTicker(probeAfter)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n, ok := <-pqListener.Notify:
			if !ok {
				return net.ErrClosed
			}
			text := ""
			if n != nil {
				l.received.Store(true)
				s.notified.Store(true)
				text = n.Extra
			}
			if text != probeText {
				wake(text)
			}
		case <-quiet.C:
			if !l.received.Swap(false) {
				service.Go(s.options.Logger, "notification-probe", func() { l.probe(ctx) })
			}
		}
	}
}

// listener is the state of a connection that listens.
type listener struct {
	store    *Store
	channel  string
	received atomic.Bool // a notification has arrived
	silent   atomic.Bool // the probe did not arrive, which was logged
}

// onEvent is called by lib/pq when the connection is lost or restored.
func (l *listener) onEvent(event pq.ListenerEventType, err error) {
	log := l.store.options.Logger
	switch event {
	case pq.ListenerEventDisconnected:
		l.store.notified.Store(false)
		log.Warn("the connection for notifications is lost", "error", err)
	case pq.ListenerEventReconnected:
		l.received.Store(false)
		service.Go(log, "notification-probe", func() { l.probe(context.Background()) })
		log.Info("the connection for notifications is made again")
	}
}

// probe sends a notification and checks that it arrives.
func (l *listener) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := l.store.Notify(ctx, l.channel, probeText); err != nil {
		return // the database is unavailable, which other code reports
	}
	for !l.received.Load() {
		select {
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return
			}
			l.store.notified.Store(false)
			if !l.silent.Swap(true) {
				l.store.options.Logger.Warn("notifications of the database do not arrive, as behind a pooler in transaction mode: streams look for changes every now and then")
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	if l.silent.Swap(false) {
		l.store.options.Logger.Info("notifications of the database arrive again")
	}
}

// listenDialer opens a listening connection, which is idle most of the time.
type listenDialer struct{}

func (listenDialer) dialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
}

func (d listenDialer) Dial(network, address string) (net.Conn, error) {
	return d.DialTimeout(network, address, 0)
}

func (d listenDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	return d.dialer(timeout).Dial(network, address)
}

// dsn returns the database URL as keywords and values: lib/pq's listener takes text, and net/url does not parse a URL with a
// port for each host.
func (s *Store) dsn() (string, error) {
	_, rest, _ := strings.Cut(cmp.Or(s.options.DirectURL, s.options.URL), "://")
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	user := rest[:strings.LastIndexByte(rest[:end], '@')+1]
	u, err := url.Parse("postgres://" + user + rest[end:])
	if err != nil {
		return "", errors.New("the database URL is not valid") // without the URL, which contains a password
	}
	words := map[string]string{"dbname": strings.TrimPrefix(u.Path, "/"), "application_name": "cloudapi listen"}
	if u.User != nil {
		words["user"] = u.User.Username()
		words["password"], _ = u.User.Password()
	}
	c := s.direct.config
	if c.Host != "" {
		hosts, ports := []string{c.Host}, []string{fmt.Sprint(c.Port)}
		for _, other := range c.Multi {
			hosts, ports = append(hosts, other.Host), append(ports, fmt.Sprint(other.Port))
		}
		words["host"], words["port"] = strings.Join(hosts, ","), strings.Join(ports, ",")
	}
	if c.TargetSessionAttrs != "" {
		words["target_session_attrs"] = string(c.TargetSessionAttrs)
	}
	words["connect_timeout"] = fmt.Sprint(int(s.options.ConnectTimeout.Seconds()))
	for name, values := range u.Query() {
		// Poolers reject run-time parameters, and listening needs none.
		if _, runtime := c.Runtime[name]; name != "host" && name != "port" && !runtime {
			words[name] = values[0]
		}
	}
	var b strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for name, value := range words {
		if value != "" {
			fmt.Fprintf(&b, "%s='%s' ", name, escape.Replace(value))
		}
	}
	return b.String(), nil
}
