package fastread

import (
	"encoding/json"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/viewer"
)

// variables are those of an operation that its plans depend on. Guids and
// cursors are parameters of a plan; of a cursor only matters whether there is
// one.
type variables struct{ values, cursors []string }

func variablesOf(operation *ast.OperationDefinition) *variables {
	v := &variables{}
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
			v.arguments(s.Arguments)
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

func (v *variables) arguments(list ast.ArgumentList) {
	for _, a := range list {
		switch {
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

// shape is a text that is the same for requests that share a plan: same role,
// same values of what the plan depends on.
func (v *variables) shape(who *viewer.Viewer, given map[string]any) (string, error) {
	text := []byte(who.Role)
	if who.System {
		text = append(text, '*')
	}
	for _, name := range v.values {
		value, ok := given[name]
		switch value := value.(type) {
		case nil:
			// A variable that is left out is not one that is null.
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
	return string(text), nil
}
