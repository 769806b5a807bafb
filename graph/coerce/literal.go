package coerce

import (
	"encoding/json"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/graph/scalar"
	"cloudapi/internal/fault"
)

// lossy is a number literal whose digits a float64 cannot represent. gqlparser reads literals as float64, so a scalar that
// needs all digits must reject it.
type lossy string

// within finds a lossy number in a list or an object.
func within(v any) (lossy, bool) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			if n, ok := within(element); ok {
				return n, true
			}
		}
	case map[string]any:
		for _, element := range v {
			if n, ok := within(element); ok {
				return n, true
			}
		}
	case lossy:
		return v, true
	}
	return "", false
}

// checked is the value of a variable, which was coerced before.
type checked struct{ value any }

// literal returns the value of a literal in JSON's types, with the variables inserted. gqlparser's own Value panics or fails
// at numbers that do not fit.
func literal(v *ast.Value, variables map[string]any) any {
	switch v.Kind {
	case ast.Variable:
		if value := variables[v.Raw]; value != nil {
			return checked{value}
		}
		return nil
	case ast.IntValue:
		return json.Number(v.Raw)
	case ast.FloatValue:
		if exact(v.Raw) {
			return json.Number(v.Raw)
		}
		return lossy(v.Raw)
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.NullValue:
		return nil
	case ast.ListValue:
		all := make([]any, len(v.Children))
		for i, child := range v.Children {
			all[i] = literal(child.Value, variables)
		}
		return all
	case ast.ObjectValue:
		object := make(map[string]any, len(v.Children))
		for _, child := range v.Children {
			if !unset(child.Value, variables) {
				object[child.Name] = literal(child.Value, variables)
			}
		}
		return object
	}
	return v.Raw
}

// unset reports whether a value is a variable that was not given, and is therefore absent. Variables with a default have
// that default by now.
func unset(v *ast.Value, variables map[string]any) bool {
	_, given := variables[v.Raw]
	return v.Kind == ast.Variable && !given
}

// exact reports whether a float64 represents the number in text exactly.
func exact(text string) bool {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	digits, point := scalar.Digits(text)
	again, other := scalar.Digits(strconv.FormatFloat(f, 'e', -1, 64))
	return digits == again && (digits == "" || point == other)
}

// conditions rejects a null variable where @skip or @include needs a value. Validation accepts it if it has a default
// (GraphQL, 5.8.5).
func conditions(op *ast.OperationDefinition, variables map[string]any) error {
	for _, v := range op.VariableDefinitions {
		if value, given := variables[v.Variable]; given && value == nil && v.Type.NamedType == "Boolean" {
			return (&walk{variables: variables, seen: map[string]bool{}}).selections(op.SelectionSet)
		}
	}
	return nil
}

type walk struct {
	variables map[string]any
	seen      map[string]bool
}

func (w *walk) selections(set ast.SelectionSet) error {
	for _, selection := range set {
		var inner ast.SelectionSet
		var directives ast.DirectiveList
		switch s := selection.(type) {
		case *ast.Field:
			inner, directives = s.SelectionSet, s.Directives
		case *ast.InlineFragment:
			inner, directives = s.SelectionSet, s.Directives
		case *ast.FragmentSpread:
			directives = s.Directives
			if s.Definition != nil && !w.seen[s.Name] {
				w.seen[s.Name] = true
				inner = s.Definition.SelectionSet
			}
		}
		if err := w.directives(directives); err != nil {
			return err
		}
		if err := w.selections(inner); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) directives(list ast.DirectiveList) error {
	for _, d := range list {
		a := d.Arguments.ForName("if")
		if a == nil || a.Value.Kind != ast.Variable {
			continue
		}
		if value, given := w.variables[a.Value.Raw]; given && value == nil {
			return fault.New(fault.Invalid, `$%s: Argument "if" of non-null type "Boolean!" must not be null.`, a.Value.Raw).
				On("if").With("variable", a.Value.Raw)
		}
	}
	return nil
}
