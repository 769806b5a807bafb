package fastread

import (
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
)

// part is the kind of a parameter.
type part int

const (
	guidOf      part = iota // the nth requested guid
	cursorID                // the guid of a cursor in a variable
	cursorValue             // the nth of its values
	filterValue             // the nth value of a filter
)

// param is a placeholder in the arguments of a statement for a value of each request.
type param struct {
	part     part
	variable string
	list     ent.List // the list of the cursor
	filter   int
	n        int
}

// bind replaces the parameters in the arguments of a statement by the values of a request, and the placeholder by the viewer's
// guid.
func (r *Reader) bind(args []any, q *request, guids []uuid.UUID) ([]any, error) {
	bound := make([]any, len(args))
	for i, arg := range args {
		bound[i] = arg
		switch arg := arg.(type) {
		case uuid.UUID:
			if arg == r.viewerPlaceholder {
				bound[i] = q.viewer.ID
			}
		case param:
			value, err := q.value(arg, guids)
			if err != nil {
				return nil, err
			}
			bound[i] = value
		}
	}
	return bound, nil
}

func (q *request) value(p param, guids []uuid.UUID) (any, error) {
	switch p.part {
	case guidOf:
		if p.n >= len(guids) {
			return uuid.Nil, nil
		}
		return guids[p.n], nil
	case filterValue:
		if p.filter >= len(q.filters) || p.n >= len(q.filters[p.filter]) {
			return nil, errInvalidValue
		}
		return q.filters[p.filter][p.n], nil
	}
	at, err := ent.ParseCursor(q.variables[p.variable])
	if err != nil {
		return nil, errInvalidValue
	}
	value, fault := p.list.Value(at)
	if fault != nil {
		return nil, errInvalidValue
	}
	if p.part == cursorID {
		return at.ID, nil
	}
	return ent.Values(value)[p.n], nil
}

// root returns the guid in the argument of the root field: a variable, or a literal.
func (q *request) root(asked *ast.Value) (uuid.UUID, error) {
	if asked.Kind != ast.Variable {
		return parseGUID(asked.Raw)
	}
	text, _ := q.variables[asked.Raw].(string)
	return parseGUID(text)
}
