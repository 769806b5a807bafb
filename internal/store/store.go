// Package store opens and drives the database: PostgreSQL for many servers,
// with standbys for reads, or an SQLite file for one.
//
// It has three layers. Each one knows only the layer below it:
//
//   - The store (store.go, ent.go, raw.go, migrate.go, backup.go, stats.go) opens
//     and migrates databases and gives ent, the fast reads and goose their
//     connections. fault.go classifies the errors of both databases.
//   - The replicas (route.go, standby.go, lsn.go, coalesce.go) decide which server
//     runs a query. They know LSNs and hosts, and nothing about statements.
//   - The connection (conn.go, statements.go, rows.go, tx.go, netconn.go,
//     postgres.go, sqlite.go) sits between database/sql and the driver. It prepares
//     each statement once per connection, ends every operation with its context even
//     when the server is silent, and never sends a change twice. It knows one server.
//
// The states of a standby:
//
//	            answers                      has replayed the LSN
//	unknown ───────────────▶ known ─────────────────────────────▶ serves the query
//	   ▲                       │  │ does not reach the LSN in 20 ms
//	   │ answers again         │  └───────────▶ behind ─── reaches it ───▶ known
//	   │                       │ fails or does not answer
//	   └── after 1 s ── away ◀─┘
//
// In the states unknown, behind and away the primary runs the query.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"cloudapi/internal/fault"
)

// Options say which database to open and how. Zero values mean the defaults.
type Options struct {
	// URL names the database:
	//
	//	postgres://user:password@host:port,host:port/name?parameter=value
	//	sqlite:///absolute/path/file.db
	//	sqlite://relative/path/file.db
	//	sqlite://:memory:
	//
	// The parameters of PostgreSQL are libpq's and the server's run-time
	// parameters; the latter win over the time limits below. With several
	// hosts, target_session_attrs defaults to read-write: the primary is
	// found, and found again after a failover. The last form is a database of
	// its own in the directory for temporary files, gone with Close.
	URL string
	// ReadURL names standbys of a PostgreSQL URL, one or several hosts.
	ReadURL string
	// DirectURL is a PostgreSQL URL beside a pooler's, for what needs a session
	// of its own: migrations and notifications. "" is for URL.
	DirectURL string
	// TransactionPooling says that URL is that of a pooler that gives each
	// transaction another session: nothing is prepared, and the role has the
	// run-time parameters.
	TransactionPooling bool
	// Logger receives warnings for the operator; nil means slog.Default().
	Logger *slog.Logger
	// MaxConns bounds the connections to each PostgreSQL server, 20, or
	// SQLite's readers, twice the processors and at least 4. SQLite has one
	// writer besides.
	MaxConns int
	// WriterCache is how many bytes of an SQLite file the writer keeps in memory;
	// 0 is SQLite's own choice, 2 MB. Transactions that change more pages than
	// that write some of them twice.
	WriterCache int
	// QueryTimeout is the longest time of one statement in PostgreSQL,
	// independent of its context, 30 s.
	QueryTimeout time.Duration
	// LockTimeout is how long a statement may wait for a lock in PostgreSQL,
	// 10 s.
	LockTimeout time.Duration
	// IdleInTxTimeout is how long a PostgreSQL transaction may idle, 60 s.
	IdleInTxTimeout time.Duration
	// ConnectTimeout bounds connecting to one PostgreSQL host, 3 s.
	ConnectTimeout time.Duration
	// Grace is the time in which a PostgreSQL server must answer a cancellation
	// after a context has ended, 250 ms. Then the connection is closed.
	Grace time.Duration
	// MustExist refuses an SQLite file that is not there, with code NOT_FOUND.
	// Otherwise it is created.
	MustExist bool
	// ApplicationID is written into a new SQLite file, and an existing one must
	// have it; 0 for neither. It tells the files of one program, or of one
	// purpose, from all others.
	ApplicationID uint32
	// Statements is how many prepared statements each connection keeps, 256.
	Statements int
}

func (o Options) withDefaults() Options {
	o.QueryTimeout = cmp.Or(o.QueryTimeout, 30*time.Second)
	o.LockTimeout = cmp.Or(o.LockTimeout, 10*time.Second)
	o.IdleInTxTimeout = cmp.Or(o.IdleInTxTimeout, time.Minute)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 3*time.Second)
	o.Grace = cmp.Or(o.Grace, 250*time.Millisecond)
	o.Statements = cmp.Or(o.Statements, 256)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	return o
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect  string
	options  Options
	address  address
	direct   address // without a pooler
	writer   *sql.DB // PostgreSQL's primary, or SQLite's one writer
	reader   *sql.DB // SQLite's readers; the writer on PostgreSQL
	counters *counters
	scratch  string // directory to remove when the store is closed, "" for none

	standbys  []*standby
	asker     *sql.DB                // asks the primary how far it has come, nil without standbys
	frontier  coalescer[replayState] // its answers
	turn      atomic.Int64
	fallbacks atomic.Int64 // queries of the primary that a standby might have answered
	questions atomic.Int64
}

// Open opens a database. A wrong URL is a fault with code BAD_USER_INPUT that
// does not show the password. SQLite's file is created if it does not exist.
// Open sends nothing to PostgreSQL, so a server can start before its database.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	a, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	if len(a.config.Multi) > 0 && a.config.TargetSessionAttrs == "" {
		a.config.TargetSessionAttrs = pq.TargetSessionAttrsReadWrite
	}
	s := &Store{dialect: a.dialect, options: o, address: a, direct: a, counters: &counters{}}
	if err := s.setDirect(); err != nil {
		return nil, err
	}
	if a.dialect == postgres {
		err = s.openPostgres()
	} else {
		err = s.openSQLite(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// setDirect reads the direct URL.
func (s *Store) setDirect() error {
	switch {
	case s.dialect != postgres && (s.options.DirectURL != "" || s.options.TransactionPooling):
		return fault.New(fault.Invalid, "Only a PostgreSQL database has a pooler: give no --direct-database-url and no --transaction-pooling.")
	case s.options.DirectURL == "":
		return nil
	}
	a, err := parse(s.options.DirectURL)
	if err == nil && a.dialect != postgres {
		err = fault.New(fault.Invalid, "The direct database URL must begin with postgres://.")
	}
	if len(a.config.Multi) > 0 && a.config.TargetSessionAttrs == "" {
		a.config.TargetSessionAttrs = pq.TargetSessionAttrsReadWrite
	}
	s.direct = a
	return err
}

func (s *Store) openPostgres() error {
	c, err := newConnector(s.address.config, s.options, s.options.QueryTimeout, s.counters)
	if err != nil {
		return err
	}
	s.writer = s.serverPool(c, cmp.Or(s.options.MaxConns, 20))
	s.reader = s.writer
	if s.options.ReadURL == "" {
		return nil
	}
	return s.openStandbys()
}

func (s *Store) openSQLite(ctx context.Context) error {
	if s.options.ReadURL != "" {
		return fault.New(fault.Invalid, "A database URL for reading needs a PostgreSQL database.")
	}
	path := s.address.path
	if path == memory {
		scratch, err := os.MkdirTemp("", "cloudapi")
		if err != nil {
			return fmt.Errorf("make a directory for the database: %w", err)
		}
		s.scratch = scratch
		path = filepath.Join(scratch, "memory.db")
		s.address.path = path
	}
	isNew, err := s.prepareFile(path)
	if err != nil {
		return err
	}
	writes, err := newLiteConnector(path, false, s.options, s.counters)
	if err != nil {
		return err
	}
	readers, err := newLiteConnector(path, true, s.options, s.counters)
	if err != nil {
		return err
	}
	s.writer = s.pool(sql.OpenDB(writes), 1)
	s.reader = s.pool(sql.OpenDB(readers), cmp.Or(s.options.MaxConns, max(4, 2*runtime.GOMAXPROCS(0))))
	// The writer comes first: it makes the file a WAL database, which readers
	// cannot.
	if err := s.writer.PingContext(ctx); err != nil {
		return fault.New(fault.Unavailable, "The database file cannot be opened.").Because(err)
	}
	if isNew && s.options.ApplicationID != 0 {
		return s.writeApplicationID(ctx)
	}
	return nil
}

// serverPool is a pool of connections to a PostgreSQL server, no larger than the
// server allows.
func (s *Store) serverPool(c *connector, size int) *sql.DB {
	db := sql.OpenDB(c)
	c.size.set(db, size)
	return s.pool(db, size)
}

func (s *Store) pool(db *sql.DB, size int) *sql.DB {
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	if s.dialect == postgres {
		// The memory of a session in the server only grows, and new connections
		// let a load balancer spread the load again.
		db.SetConnMaxLifetime(30 * time.Minute)
		db.SetConnMaxIdleTime(5 * time.Minute)
	}
	return db
}

// Dialect is ent's name of the database: "postgres" or "sqlite3".
func (s *Store) Dialect() string { return s.dialect }

// Ping reports whether the database accepts statements, for readiness. Standbys
// are not checked: the primary replaces a standby that is away.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.writer.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return Fault(err)
	}
	return nil
}

// Now is the time by the clock of the database, which all servers share.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if s.dialect != postgres {
		return time.Now().UTC().Truncate(time.Microsecond), nil
	}
	var at time.Time
	err := s.writer.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&at)
	return at.UTC(), Fault(err)
}

// Close closes all connections.
func (s *Store) Close() error {
	var errs []error
	for _, standby := range s.standbys {
		errs = append(errs, standby.close())
	}
	if s.asker != nil {
		errs = append(errs, s.asker.Close())
	}
	if s.reader != nil && s.reader != s.writer {
		errs = append(errs, s.reader.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	if s.scratch != "" {
		errs = append(errs, os.RemoveAll(s.scratch))
	}
	return errors.Join(errs...)
}
