package coerce

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"cloudapi/internal/fault"
)

// place is the path of a value in an input.
type place struct {
	up       *place
	name     string
	index    int // position in a list, counted from 1
	variable bool
}

// String returns the path, for example `$in.units[2].type`.
func (p *place) String() string {
	switch {
	case p.index > 0:
		return p.up.String() + "[" + strconv.Itoa(p.index-1) + "]"
	case p.up != nil:
		return p.up.String() + "." + p.name
	case p.variable:
		return "$" + p.name
	}
	return p.name
}

// field is the innermost name of the path.
func (p *place) field() string {
	for p.index > 0 {
		p = p.up
	}
	return p.name
}

// root is the variable or the argument that the path starts at.
func (p *place) root() *place {
	for p.up != nil {
		p = p.up
	}
	return p
}

func (r *run) refuse(at *place, format string, args ...any) {
	r.add(at, fault.New(fault.Invalid, format, args...))
}

// add reports a fault of the value at a path.
func (r *run) add(at *place, found *fault.Fault) {
	if r.full() {
		return
	}
	path := at.String()
	if r.faulty == nil {
		r.faulty = map[string]bool{}
	}
	r.faulty[path] = true
	f := found.At(at.field(), path)
	if root := at.root(); root.variable {
		f = f.With("variable", root.name)
	}
	r.faults = append(r.faults, f)
}

// shown formats a value for a message.
func shown(v any) string {
	if _, ok := v.(string); ok {
		return fmt.Sprintf("%.60s", v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "the value"
	}
	return fmt.Sprintf("%.60s", text)
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
