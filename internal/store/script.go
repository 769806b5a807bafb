package store

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"
)

// Statement is a statement as ent writes it, with placeholders $1, $2, ….
type Statement struct {
	Query string
	Args  []any
}

// Script is several statements that are sent to PostgreSQL in one message, and answered in one.
type Script struct {
	Statements []Statement
	// Begins says that a transaction begins before the statements.
	Begins bool
	// LockTimeout is how long a statement of that transaction waits for a lock; 0 means the session's setting.
	LockTimeout time.Duration
	// Commits says that the transaction is committed after the statements. Without an answer the outcome is unknown.
	Commits bool
}

// ResultSet has the rows of a statement. The values are the driver's.
type ResultSet struct {
	Columns []string
	Rows    [][]driver.Value
}

// maxNamed is the maximum number of statements that scripts prepare on a connection. When it is exceeded, the connection
// is closed.
const maxNamed = 256

// Session is a connection to PostgreSQL's primary that runs scripts. It is used by one goroutine at a time.
type Session struct {
	borrowed *sql.Conn
	inTx     bool
}

// Session borrows a connection from the pool.
func (s *Store) Session(ctx context.Context) (*Session, error) {
	borrowed, err := s.writer.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &Session{borrowed: borrowed}, nil
}

// Run runs a script and returns a set for each statement that returns rows. With an error, the sets are those of the
// statements before the one that failed.
func (s *Session) Run(ctx context.Context, script Script) (sets []ResultSet, err error) {
	s.inTx = s.inTx || script.Begins
	err = s.borrowed.Raw(func(driverConn any) error {
		c, ok := driverConn.(*conn)
		if !ok {
			return fmt.Errorf("connection of type %T: %w", driverConn, errors.ErrUnsupported)
		}
		sets, err = c.script(ctx, script)
		return err
	})
	if err == nil && script.Commits {
		s.inTx = false
	}
	return sets, err
}

// Rollback ends the transaction. If its context has ended, it has the grace period.
func (s *Session) Rollback(ctx context.Context) {
	if !s.inTx {
		return
	}
	s.inTx = false
	_ = s.borrowed.Raw(func(driverConn any) error {
		if c, ok := driverConn.(*conn); ok && !c.broken {
			defer c.bindContext(ctx)()
			if _, err := c.driverConn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK", nil); err != nil {
				c.broken = true
			}
		}
		return nil
	})
}

// Close returns the connection to the pool, without its transaction.
func (s *Session) Close(ctx context.Context) {
	s.Rollback(ctx)
	_ = s.borrowed.Close() // a failure of the connection closes it
}

// ErrNotSent means that no part of a script was sent.
var ErrNotSent = errors.New("store: the script was not sent")

func (c *conn) script(ctx context.Context, s Script) (sets []ResultSet, err error) {
	defer c.bindContext(ctx)()
	text, err := c.prepareScript(ctx, s)
	if err != nil {
		return nil, errors.Join(ErrNotSent, err)
	}
	sent := c.sentBytes()
	found, err := c.driverConn.QueryContext(ctx, text, nil)
	if err == nil {
		sets, err = readSets(found)
	}
	if isStale(err) || s.Commits && len(c.scriptNames) > maxNamed {
		c.broken = true // closing it also drops its prepared statements
	}
	return sets, c.handleError(ctx, err, s.Commits && c.sentBytes() != sent)
}

// prepareScript prepares everything that a script needs, and returns its text.
func (c *conn) prepareScript(ctx context.Context, s Script) (string, error) {
	switch {
	case ctx.Err() != nil: // which may also have broken the connection
		return "", ctx.Err()
	case c.broken:
		return "", driver.ErrBadConn
	case c.openRows > 0:
		return "", errReading
	}
	if s.Begins && !c.noPrepare {
		if err := c.setPlanMode(ctx, false); err != nil {
			return "", err
		}
	}
	text, err := c.scriptText(ctx, s)
	return text, c.handleError(ctx, err, false)
}

// scriptText writes a script. The statements are prepared once on each connection, and executed by name. Behind a
// transaction pooler nothing stays prepared, so the script has the texts of the statements.
func (c *conn) scriptText(ctx context.Context, s Script) (string, error) {
	names, err := c.prepareNamed(ctx, s.Statements)
	if err != nil {
		return "", err
	}
	var b []byte
	if s.Begins {
		b = append(b, "BEGIN;"...)
		if s.LockTimeout > 0 {
			b = append(strconv.AppendInt(append(b, "SET LOCAL lock_timeout="...), s.LockTimeout.Milliseconds(), 10), ';')
		}
	}
	for i, st := range s.Statements {
		switch {
		case names == nil:
			b, err = c.appendInline(b, st)
		case len(st.Args) == 0:
			b = append(append(b, "EXECUTE "...), names[i]...)
		default:
			b = append(append(append(b, "EXECUTE "...), names[i]...), '(')
			b, err = c.appendLiterals(b, st.Args)
			b = append(b, ')')
		}
		if err != nil {
			return "", err
		}
		b = append(b, ';')
	}
	if s.Commits {
		b = append(b, "COMMIT"...)
	}
	return string(b), nil
}

// prepareNamed prepares the statements that are not yet prepared, in a separate message, and returns the names of all; nil if
// nothing is prepared.
func (c *conn) prepareNamed(ctx context.Context, all []Statement) ([]string, error) {
	if c.noPrepare {
		return nil, nil
	}
	names := make([]string, len(all))
	var prepare strings.Builder
	added := map[string]string{}
	for i, st := range all {
		names[i] = cmp.Or(c.scriptNames[st.Query], added[st.Query])
		if names[i] == "" {
			names[i] = "s" + strconv.Itoa(len(c.scriptNames)+len(added))
			added[st.Query] = names[i]
			prepare.WriteString("PREPARE " + names[i] + " AS " + st.Query + ";")
		}
	}
	if len(added) == 0 {
		return names, nil
	}
	if _, err := c.driverConn.ExecContext(ctx, prepare.String(), nil); err != nil {
		c.broken = true // some of the names may be taken now
		return nil, err
	}
	if c.scriptNames == nil {
		c.scriptNames = map[string]string{}
	}
	maps.Copy(c.scriptNames, added)
	return names, nil
}

// readSets reads the complete answer to a message.
func readSets(found driver.Rows) (sets []ResultSet, err error) {
	defer func() { err = errors.Join(err, found.Close()) }()
	for {
		set := ResultSet{Columns: found.Columns()}
		for err == nil {
			values := make([]driver.Value, len(set.Columns))
			if err = found.Next(values); err == nil {
				set.Rows = append(set.Rows, copyBytes(values))
			}
		}
		// The columns are known when the statement has ended without an error.
		if len(set.Columns) > 0 {
			sets = append(sets, set)
		}
		if !errors.Is(err, io.EOF) {
			return sets, err
		}
		more, ok := found.(driver.RowsNextResultSet)
		if !ok || !more.HasNextResultSet() {
			return sets, nil
		}
		if err = more.NextResultSet(); err != nil {
			return sets, err
		}
	}
}

// copyBytes copies values that the driver overwrites.
func copyBytes(values []driver.Value) []driver.Value {
	for i, v := range values {
		if text, ok := v.([]byte); ok {
			values[i] = append([]byte{}, text...)
		}
	}
	return values
}
