// Package store opens and drives the database: PostgreSQL for many servers, with standbys for reads, or an SQLite file
// for one.
//
// It has three layers. A layer uses only the layers below it. Read them from the top:
//
//   - The store: store.go, url.go, sqlite_file.go open a database; ent.go and raw.go give it to ent and to the fast reads;
//     migrate.go, version.go, lock.go migrate it; listen.go, backup.go, stats.go are further operations; fault.go, explain.go
//     classify the errors of both databases. This layer has pools and contexts. It knows no LSNs and no hosts.
//   - The replicas: route.go, standby.go, lsn.go, coalesce.go choose the server that runs a query. This layer has LSNs and
//     hosts. Of a statement it only uses whether it reads.
//   - The connection: conn.go, rows.go, tx.go, statement_cache.go, custom_plan.go, script.go, literal.go, values.go are the
//     code between database/sql and a driver; postgres.go, poolsize.go, session_params.go, netconn.go connect to
//     PostgreSQL, sqlite.go to SQLite. This layer prepares each statement once per connection, ends every operation with its
//     context even if the server does not answer, and never sends a change twice. It deals with one server, and does not
//     depend on which role that server has.
//
// watch.go and counter.go observe statements.
//
// The states of a standby (standby.go):
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

// Options selects and configures a database. Zero values mean the defaults.
type Options struct {
	// URL of the database:
	//
	//	postgres://user:password@host:port,host:port/name?parameter=value
	//	sqlite:///absolute/path/file.db
	//	sqlite://relative/path/file.db
	//	sqlite://:memory:
	//
	// The parameters of PostgreSQL are libpq's and the server's run-time parameters; the latter take precedence over the
	// time limits below. With several hosts, target_session_attrs defaults to read-write: the store finds the primary, and
	// finds it again after a failover. The last form is a temporary file, which Close deletes.
	URL string
	// ReadURL has the standbys of a PostgreSQL URL, one or more hosts.
	ReadURL string
	// DirectURL bypasses a pooler, for what needs a session of its own: migrations and notifications. "" means URL.
	DirectURL string
	// TransactionPooling says that URL is a pooler that assigns sessions to transactions: statements are not prepared, and
	// the role must have the run-time parameters.
	TransactionPooling bool
	// Logger gets warnings for operators; nil means slog.Default().
	Logger *slog.Logger
	// MaxConns is the maximum number of connections to each PostgreSQL server (20), or of SQLite's readers (twice the
	// processors, at least 4). SQLite has one more connection for writing.
	MaxConns int
	// WriterCache is the page cache of SQLite's writer, in bytes; 0 means SQLite's default, 2 MB. A transaction that changes more
	// pages than fit writes some of them twice.
	WriterCache int
	// QueryTimeout is the maximum time of one statement in PostgreSQL, whatever its context, 30 s.
	QueryTimeout time.Duration
	// LockTimeout is how long a statement waits for a lock in PostgreSQL, 10 s.
	LockTimeout time.Duration
	// IdleInTxTimeout is how long a PostgreSQL transaction may be idle, 60 s.
	IdleInTxTimeout time.Duration
	// ConnectTimeout bounds connecting to one PostgreSQL host, 3 s.
	ConnectTimeout time.Duration
	// Grace is how long a PostgreSQL server may take to answer a cancellation, 250 ms. Then the connection is closed.
	Grace time.Duration
	// MustExist makes Open fail with NOT_FOUND if the SQLite file does not exist. Otherwise it is created.
	MustExist bool
	// ApplicationID is written into a new SQLite file, and an existing file must have it; 0 means neither. It distinguishes
	// the files of different programs or purposes.
	ApplicationID uint32
	// Statements is how many prepared statements each connection caches, 256.
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
	direct   address // bypasses the pooler
	writer   *sql.DB // PostgreSQL's primary, or SQLite's one writer
	reader   *sql.DB // SQLite's readers; the writer on PostgreSQL
	counters *counters
	scratch  string // directory to remove when the store is closed, "" for none

	standbys       []*standby
	primaryMonitor *sql.DB                // reads the primary's LSN, nil without standbys
	primaryState   coalescer[replayState] // the primary's answers
	nextStandby    atomic.Int64           // rotates among the standbys
	notified       atomic.Bool            // notifications arrive
	fallbacks      atomic.Int64           // queries on the primary that a standby might have answered
	stateQueries   atomic.Int64           // queries of the primary's LSN
}

// Open opens a database. A wrong URL is a fault with the code BAD_USER_INPUT that does not show the password. SQLite's file
// is created if it does not exist. Open sends nothing to PostgreSQL, so a server can start before its database.
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

// setDirect parses the direct URL.
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
	writes, err := newSQLiteConnector(path, false, s.options, s.counters)
	if err != nil {
		return err
	}
	readers, err := newSQLiteConnector(path, true, s.options, s.counters)
	if err != nil {
		return err
	}
	s.writer = s.pool(sql.OpenDB(writes), 1)
	s.reader = s.pool(sql.OpenDB(readers), cmp.Or(s.options.MaxConns, max(4, 2*runtime.GOMAXPROCS(0))))
	// The writer comes first: it switches the file to WAL mode, which readers cannot.
	if err := s.writer.PingContext(ctx); err != nil {
		return fault.New(fault.Unavailable, "The database file cannot be opened.").Because(err)
	}
	if isNew && s.options.ApplicationID != 0 {
		return s.writeApplicationID(ctx)
	}
	return nil
}

// serverPool returns a pool of connections to a PostgreSQL server, no larger than the server allows.
func (s *Store) serverPool(c *connector, size int) *sql.DB {
	db := sql.OpenDB(c)
	c.size.set(db, size)
	return s.pool(db, size)
}

func (s *Store) pool(db *sql.DB, size int) *sql.DB {
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	if s.dialect == postgres {
		// The memory of a session in the server only grows, and new connections let a load balancer distribute the load
		// again.
		db.SetConnMaxLifetime(30 * time.Minute)
		db.SetConnMaxIdleTime(5 * time.Minute)
	}
	return db
}

// Dialect returns ent's name of the database: "postgres" or "sqlite3".
func (s *Store) Dialect() string { return s.dialect }

// Ping reports whether the database accepts statements, for readiness. It does not check standbys: the primary answers for
// one that is away.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.writer.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return Fault(err)
	}
	return nil
}

// Now returns the time of the database's clock, which all servers share.
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
	if s.primaryMonitor != nil {
		errs = append(errs, s.primaryMonitor.Close())
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
