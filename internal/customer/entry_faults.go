package customer

import (
	"fmt"

	"github.com/google/uuid"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/fault"
	"cloudapi/internal/model"
)

// wrong collects the faults of the entries of an input's lists.
type wrong []*fault.Fault

// entry is the position of a list entry in the arguments of a mutation.
type entry struct {
	list  string
	index int
}

func (e entry) String() string { return fmt.Sprintf("%s[%d]", e.list, e.index) }

// note adds the fault of a field of an entry, if there is one.
func (w *wrong) note(e entry, field string, err error) {
	w.noteAt(e, field, e.String()+"."+field, err)
}

func (w *wrong) noteAt(e entry, field, where string, err error) {
	if err != nil {
		*w = append(*w, fault.As(err).At(field, where).With("index", e.index))
	}
}

// noteUnit adds the faults of a unit's texts. The types of its other fields exclude invalid values.
func (w *wrong) noteUnit(e entry, in model.AddCapacityAvailableInput) {
	if in.Name != nil {
		w.note(e, "name", capacityunit.NameValidator(*in.Name))
	}
	if in.Description != nil {
		w.note(e, "description", capacityunit.DescriptionValidator(*in.Description))
	}
}

// with returns the faults of an error and of the entries as one error, nil for none. An error that does not concern the
// input comes first.
func (w wrong) with(err error) error {
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

// distinct returns each guid once, in the order of first occurrence.
func distinct(ids []uuid.UUID) []uuid.UUID {
	once := make([]uuid.UUID, 0, len(ids))
	seen := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once
}
