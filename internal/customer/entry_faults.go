package customer

import (
	"fmt"

	"github.com/google/uuid"

	"cloudapi/internal/fault"
)

// EntryFaults collects the faults of the entries of an input's lists.
type EntryFaults []*fault.Fault

// Entry is the position of an entry of a list in the arguments of a mutation.
type Entry struct {
	List  string
	Index int
}

func (e Entry) String() string { return fmt.Sprintf("%s[%d]", e.List, e.Index) }

// Add adds the fault of a field of an entry. It does nothing if err is nil.
func (w *EntryFaults) Add(e Entry, field string, err error) {
	w.AddAt(e, field, e.String()+"."+field, err)
}

// AddAt is Add for a field at another place of the arguments.
func (w *EntryFaults) AddAt(e Entry, field, where string, err error) {
	if err != nil {
		*w = append(*w, fault.As(err).At(field, where).With("index", e.Index))
	}
}

// Join returns the faults of an error and of the entries as one error, nil for none. An error that does not concern the
// input comes first.
func (w EntryFaults) Join(err error) error {
	switch {
	case len(w) == 0:
		return err
	case err == nil:
		return fault.All(w...)
	case fault.Is(err, fault.Invalid):
		return fault.All(append(fault.As(err).Each(), w...)...)
	default:
		return err
	}
}

// Distinct returns each guid once, in the order of first occurrence.
func Distinct(ids []uuid.UUID) []uuid.UUID {
	unique := make([]uuid.UUID, 0, len(ids))
	seen := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			unique = append(unique, id)
		}
	}
	return unique
}
