package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"cloudapi/internal/fault"
)

// Position is a place in PostgreSQL's write-ahead log: what is written up to
// it, a server that has reached it has. 0 is before everything.
type Position uint64

// String writes a position as PostgreSQL does: 16/B374D848.
func (p Position) String() string { return fmt.Sprintf("%X/%X", uint64(p)>>32, uint32(p)) }

// ParsePosition reads what String writes.
func ParsePosition(text string) (Position, error) {
	high, low, found := strings.Cut(text, "/")
	h, err := strconv.ParseUint(high, 16, 32)
	l, errLow := strconv.ParseUint(low, 16, 32)
	if !found || err != nil || errLow != nil {
		return 0, fault.New(fault.Invalid, "%q is not a position in the write-ahead log.", text)
	}
	return Position(h<<32 | l), nil
}

// WritePosition is a position that has everything committed so far. Whoever
// has made a change asks for it after the commit and allows standbys from
// then on only with it. It is 0 where there are no standbys.
func (s *Store) WritePosition(ctx context.Context) (Position, error) {
	if len(s.standbys) == 0 {
		return 0, nil
	}
	var text string
	if err := s.writer.QueryRowContext(ctx, "SELECT pg_current_wal_lsn()::text").Scan(&text); err != nil {
		return 0, Fault(err)
	}
	return ParsePosition(text)
}

type standbyKey struct{}

// AllowStandby returns a context on which queries outside a transaction may
// run on a standby that has reached a position: the last WritePosition of
// whoever asks, 0 for one who has not written, and does not mind how old the
// answer is. Without it every query runs on the primary.
func AllowStandby(ctx context.Context, reached Position) context.Context {
	return context.WithValue(ctx, standbyKey{}, reached)
}

func standbyAllowed(ctx context.Context) (Position, bool) {
	p, ok := ctx.Value(standbyKey{}).(Position)
	return p, ok
}
