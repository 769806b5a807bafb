package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// connector opens connections to PostgreSQL.
type connector struct {
	pq         *pq.Connector
	connect    time.Duration // maximum time of connecting to one host
	hosts      int
	grace      time.Duration
	statements int
	counters   *counters
	accept     func(context.Context, *conn) error // checks each new connection; may be nil
	size       *poolSize                          // of the connector's pool
	session    *sessionParams
}

// newConnector prepares connections with the parameters of the URL, and with defaults for parameters that the URL does not
// set. A statementTimeout of 0 means no limit.
func newConnector(config pq.Config, o Options, statementTimeout time.Duration, t *counters) (*connector, error) {
	config = config.Clone()
	// A pooler may execute a prepared statement in another session than the one that prepared it. With this option lib/pq
	// sends both messages at once. Without a pooler it has no benefit.
	config.BinaryParameters = o.TransactionPooling
	if config.ConnectTimeout <= 0 {
		config.ConnectTimeout = o.ConnectTimeout
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "cloudapi"
	}
	begin := newSessionParams(&config, o, statementTimeout)
	c, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("configure PostgreSQL: %w", err)
	}
	ioTimeout := time.Duration(0)
	if statementTimeout > 0 {
		// The server itself ends statements that take longer, so a longer silence means that it is gone.
		ioTimeout = statementTimeout + o.Grace
	}
	c.Dialer(dialer{connect: config.ConnectTimeout, grace: o.Grace, ioTimeout: ioTimeout})
	return &connector{
		pq: c, connect: config.ConnectTimeout, hosts: 1 + len(config.Multi),
		grace: o.Grace, statements: o.Statements, counters: t, size: &poolSize{log: o.Logger}, session: begin,
	}, nil
}

// Connect opens a connection to the first suitable host.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	return c.size.connect(ctx, c.open)
}

func (c *connector) open(ctx context.Context) (driver.Conn, error) {
	// database/sql opens some connections with a context without a deadline.
	ctx, cancel := context.WithTimeout(ctx, c.connect*time.Duration(c.hosts))
	defer cancel()
	made := &netConnSlot{}
	// lib/pq waits for the handshake and ignores the context.
	stop := context.AfterFunc(ctx, func() {
		if l := made.current.Load(); l != nil {
			_ = l.Conn.Close()
		}
	})
	opened, err := c.pq.Connect(context.WithValue(ctx, netConnKey{}, made))
	if !stop() && err == nil {
		err = errors.Join(ctx.Err(), opened.Close())
	}
	if err != nil {
		return nil, &connectError{cause: err}
	}
	driver, ok := opened.(driverConn)
	if !ok {
		return nil, errors.Join(errors.ErrUnsupported, opened.Close())
	}
	ours, err := newConn(driver, made.current.Load(), c.grace, c.statements, c.counters)
	if err != nil {
		return nil, err
	}
	if err := c.session.apply(ctx, ours); err != nil {
		return nil, &connectError{cause: errors.Join(err, ours.Close())}
	}
	ours.noPrepare, ours.planModeDefault = c.session.transactionPooling, c.session.values[planMode]
	c.size.readLimit(ctx, ours)
	if c.accept == nil {
		return ours, nil
	}
	if err := c.accept(ctx, ours); err != nil {
		return nil, &connectError{cause: errors.Join(err, ours.Close())}
	}
	return ours, nil
}

func newConn(session driverConn, l *netConn, grace time.Duration, cacheSize int, t *counters) (*conn, error) {
	cache, err := newStatementCache(session, cacheSize)
	if err != nil {
		return nil, errors.Join(err, session.Close())
	}
	t.connections.Add(1)
	return &conn{driverConn: session, cache: cache, netConn: l, grace: grace, counters: t}, nil
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return c.pq.Driver() }
