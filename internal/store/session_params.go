package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

// connectionCheck is how often PostgreSQL checks the connection of a running statement.
const connectionCheck = 2 * time.Second

// sessionDefaults returns the run-time parameters of each connection to PostgreSQL.
func sessionDefaults(o Options, statementTimeout time.Duration) map[string]string {
	milliseconds := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	return map[string]string{
		"statement_timeout":                   milliseconds(statementTimeout),
		"lock_timeout":                        milliseconds(o.LockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(o.IdleInTxTimeout),
		// PostgreSQL ends a statement whose connection is closed. A cancellation that arrives before its statement is lost, and
		// a server that was killed cancels nothing.
		"client_connection_check_interval": milliseconds(connectionCheck),
		// The statements take milliseconds; JIT compilation takes longer than it saves.
		"jit": "off",
		// Parallel workers do not help such statements, and rows of UNION ALL would not arrive in order.
		"max_parallel_workers_per_gather": "0",
		// A page needs only its first rows: a merge join would read the other table from its beginning to the position of
		// the page.
		"enable_mergejoin": "off",
	}
}

// sessionParams sets the run-time parameters of connections. It sets them after connecting, in one statement: poolers reject most
// of them in the startup message. Behind a pooler that changes sessions between transactions no setting would last: the role
// must have the parameters, and the log lists those it lacks, once.
type sessionParams struct {
	values             map[string]string
	transactionPooling bool // transaction pooling
	log                *slog.Logger
	compareOnce        sync.Once // of logMissing
}

// newSessionParams removes the parameters from config, except those that poolers track.
func newSessionParams(config *pq.Config, o Options, statementTimeout time.Duration) *sessionParams {
	s := &sessionParams{values: sessionDefaults(o, statementTimeout), transactionPooling: o.TransactionPooling, log: o.Logger}
	tracked := map[string]string{"timezone": "UTC"}
	for name, value := range config.Runtime {
		if strings.EqualFold(name, "timezone") {
			tracked["timezone"] = value
			continue
		}
		s.values[name] = value
	}
	config.Runtime = tracked
	return s
}

// apply sets the parameters of a new connection.
func (s *sessionParams) apply(ctx context.Context, c *conn) error {
	if s.transactionPooling {
		s.compareOnce.Do(func() { s.logMissing(ctx, c) })
		return nil
	}
	set := make([]string, 0, len(s.values))
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		set = append(set, "set_config("+literal(name)+", "+literal(s.values[name])+", false)")
	}
	_, err := c.queryValue(ctx, "SELECT "+strings.Join(set, ", "))
	return err
}

// logMissing logs the parameters that the role lacks.
func (s *sessionParams) logMissing(ctx context.Context, c *conn) {
	names := slices.Sorted(maps.Keys(s.values))
	differ := make([]string, 0, len(names))
	for _, name := range names {
		// Values may be written with different units.
		differ = append(differ, "CASE WHEN (SELECT setting FROM pg_settings WHERE name = "+literal(name)+") IS DISTINCT FROM "+
			literal(s.values[name])+" THEN "+literal("ALTER ROLE CURRENT_USER SET "+name+" = "+literal(s.values[name])+"; ")+" ELSE '' END")
	}
	missing, err := c.queryValue(ctx, "SELECT "+strings.Join(differ, " || "))
	switch {
	case err != nil:
		s.log.WarnContext(ctx, "the parameters of the role cannot be read", "error", err)
	case missing != "":
		s.log.WarnContext(ctx, "behind a pooler the role must have the parameters of the server: give them to it", "sql", strings.TrimSpace(missing))
	}
}

// queryValue runs an internal query, which is not counted as a statement, and returns the first value of its only row.
func (c *conn) queryValue(ctx context.Context, query string) (string, error) {
	defer c.bindContext(ctx)()
	found, err := c.driverConn.QueryContext(ctx, query, nil)
	if err != nil {
		return "", err
	}
	value := make([]driver.Value, len(found.Columns()))
	err = found.Next(value)
	if err := errors.Join(err, found.Close()); err != nil {
		return "", err
	}
	switch text := value[0].(type) {
	case string:
		return text, nil
	case []byte:
		return string(text), nil
	}
	return "", nil
}

// literal quotes a text for SQL.
func literal(text string) string {
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
