package fastread

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/viewer"
)

// variables has the variables of an operation that its plans depend on. Guids, cursors and the values of filters are parameters: a
// plan depends only on whether a cursor is given, and on the conditions of a filter.
type variables struct {
	values, cursors []string
	filters         []filter

	entities map[string]*entity
}

func variablesOf(operation *ast.OperationDefinition, entities map[string]*entity) *variables {
	v := &variables{entities: entities}
	v.selections(operation.SelectionSet, map[string]bool{})
	slices.Sort(v.values)
	slices.Sort(v.cursors)
	v.values, v.cursors = slices.Compact(v.values), slices.Compact(v.cursors)
	return v
}

func (v *variables) selections(set ast.SelectionSet, seen map[string]bool) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			v.directives(s.Directives)
			v.arguments(s)
			v.selections(s.SelectionSet, seen)
		case *ast.InlineFragment:
			v.directives(s.Directives)
			v.selections(s.SelectionSet, seen)
		case *ast.FragmentSpread:
			v.directives(s.Directives)
			if s.Definition != nil && !seen[s.Name] {
				seen[s.Name] = true
				v.selections(s.Definition.SelectionSet, seen)
			}
		}
	}
}

func (v *variables) directives(list ast.DirectiveList) {
	for _, d := range list {
		for _, a := range d.Arguments {
			v.add(a.Value)
		}
	}
}

func (v *variables) arguments(f *ast.Field) {
	e, connection := connected(v.entities, f.Definition.Type.Name())
	for _, a := range f.Arguments {
		switch {
		case a.Name == "where" && connection && e.Where != nil:
			v.filters = append(v.filters, filter{e, a.Value})
		case a.Value.Kind != ast.Variable:
			v.add(a.Value)
		case a.Name == "id":
		case a.Name == "after" || a.Name == "before":
			v.cursors = append(v.cursors, a.Value.Raw)
		default:
			v.add(a.Value)
		}
	}
}

func (v *variables) add(value *ast.Value) {
	if value == nil {
		return
	}
	if value.Kind == ast.Variable {
		v.values = append(v.values, value.Raw)
	}
	for _, child := range value.Children {
		v.add(child.Value)
	}
}

// filter returns the index of a filter of the operation.
func (v *variables) filter(value *ast.Value) int {
	return slices.IndexFunc(v.filters, func(f filter) bool { return f.value == value })
}

// shape returns a key that is equal for requests with the same plan: the role, the conditions, and the values that the plan depends
// on.
func (v *variables) shape(who *viewer.Viewer, given map[string]any, conditions []string) (string, error) {
	if who.DeletedByJob != uuid.Nil {
		// This viewer sees an object that others with its role do not.
		return "", errNotCovered
	}
	text := []byte(who.Role)
	if who.System {
		text = append(text, '*')
	}
	for _, name := range v.values {
		value, ok := given[name]
		switch value := value.(type) {
		case nil:
			// An omitted variable differs from null.
			text = append(text, ' ', '0')
			if ok {
				text = append(text, 'n')
			}
		case bool:
			text = append(text, ' ', 'f')
			if value {
				text[len(text)-1] = 't'
			}
		default:
			encoded, err := json.Marshal(value)
			if err != nil {
				return "", errNotCovered
			}
			text = append(append(text, ' '), encoded...)
		}
	}
	for _, name := range v.cursors {
		text = append(text, ' ', '-')
		if given[name] != nil {
			text[len(text)-1] = '+'
		}
	}
	for _, condition := range conditions {
		text = append(append(text, '\n'), condition...)
	}
	return string(text), nil
}
