package event

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
)

// Position is a place in the order of commits. The zero value precedes all others.
type Position struct {
	// At is the id of the transaction that wrote the job on PostgreSQL, and a sequence number on SQLite.
	At int64
	// Job is the guid of the job, which orders the jobs of one transaction. A position with a zero guid precedes all jobs of
	// its transaction.
	Job uuid.UUID
}

// Before reports whether p precedes q.
func (p Position) Before(q Position) bool {
	if p.At != q.At {
		return p.At < q.At
	}
	return bytes.Compare(p.Job[:], q.Job[:]) < 0
}

// Epoch identifies one history of a database. A restored database has another one.
type Epoch [8]byte

// The layout of a cursor: a version, the epoch, and the position.
const (
	cursorVersion = 1
	cursorLength  = 1 + 8 + 8 + 16
)

// Cursor encodes a position as text.
func (e Epoch) Cursor(p Position) string {
	b := make([]byte, 0, cursorLength)
	b = append(b, cursorVersion)
	b = append(b, e[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(p.At))
	b = append(b, p.Job[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Parse decodes a cursor. It rejects a position of another epoch: the database was restored, and the same numbers mean other
// changes.
func (e Epoch) Parse(text string) (p Position, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != cursorLength || b[0] != cursorVersion {
		return p, fault.New(fault.Invalid, "after is not a cursor of a change").On("after")
	}
	p.At = int64(binary.BigEndian.Uint64(b[9:17]))
	copy(p.Job[:], b[17:])
	switch {
	case p.At < 0:
		return p, fault.New(fault.Invalid, "after is not a cursor of a change").On("after")
	case !bytes.Equal(b[1:9], e[:]):
		return p, restored()
	}
	return p, nil
}

// restored is the fault for a position that the database does not have.
func restored() error {
	return fault.New(fault.Invalid, "after is a position of another history: the database was restored from a backup. "+
		"Read the present state and subscribe without after").On("after").With("reason", "RESTORED")
}

// pruned is the fault for a position after which jobs have been removed.
func pruned() error {
	return fault.New(fault.Invalid, "after is too old: jobs after it have been removed. "+
		"Read the present state and subscribe without after").On("after").With("reason", "PRUNED")
}
