package fastread

import (
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
)

// part is what of a request a parameter is.
type part int

const (
	guidOf      part = iota // the nth of the guids that a statement answers for
	cursorID                // the guid of a cursor in a variable
	cursorValue             // the nth of its values
	filterValue             // the nth of the values of a filter
)

// param stands in the arguments of a statement for what each request brings.
type param struct {
	part     part
	variable string
	list     ent.List // that a cursor must belong to
	filter   int
	n        int
}

// bind puts a request's values into the arguments of a statement. Anybody's
// guid becomes the viewer's.
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
			return nil, errRefused
		}
		return q.filters[p.filter][p.n], nil
	}
	at, err := ent.ParseCursor(q.variables[p.variable])
	if err != nil {
		return nil, errRefused
	}
	value, fault := p.list.Value(at)
	if fault != nil {
		return nil, errRefused
	}
	if p.part == cursorID {
		return at.ID, nil
	}
	return ent.Values(value)[p.n], nil
}

// root is the guid that the root field asks for: a variable of the request, or
// one that stands in the operation.
func (q *request) root(asked *ast.Value) (uuid.UUID, error) {
	if asked.Kind != ast.Variable {
		return parseGUID(asked.Raw)
	}
	text, _ := q.variables[asked.Raw].(string)
	return parseGUID(text)
}
