// Package coerce checks the inputs of an operation against the schema: the variables before the operation (GraphQL, 6.1.2),
// the arguments before their field (6.4.1). It runs before gqlparser and gqlgen, which accept an enum value in any case,
// reject 1.0 for an Int, and stop at the first fault.
//
// A fault gives the path of the value: `$in.name` in a variable, `input.name` in an argument. All faults of an input are
// reported at once.
package coerce

import (
	"encoding/json"
	"math"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
)

// Coercer checks inputs. It is safe for concurrent use.
type Coercer struct {
	Schema *ast.Schema
	// Scalars has the check of each scalar, by name. A scalar without a check accepts any value.
	Scalars map[string]func(any) error
	// Texts has the check of each text field of an input, by "Input.field". The text is checked again when it is written; here it
	// is checked only if the input has a fault, so that all faults are reported at once.
	Texts map[string]func(string) error
	// Max is the maximum number of reported faults.
	Max int
}

// Variables returns the coerced variables of an operation: the declared ones, with their defaults, whole numbers as int64.
func (c *Coercer) Variables(op *ast.OperationDefinition, given map[string]any) (map[string]any, error) {
	r := c.run()
	coerced := make(map[string]any, len(op.VariableDefinitions))
	for _, v := range op.VariableDefinitions {
		at := &place{name: v.Variable, variable: true}
		value, ok := given[v.Variable]
		if !ok && v.DefaultValue != nil {
			value, ok = literal(v.DefaultValue, nil), true
		}
		if !ok {
			if v.Type.NonNull {
				r.refuse(at, "must be given")
			}
			continue
		}
		coerced[v.Variable] = r.value(v.Type, value, at)
	}
	r.texts(op.SelectionSet, given)
	if err := r.fault(); err != nil {
		return nil, err
	}
	return coerced, conditions(op, coerced)
}

// Arguments checks the arguments of a field after its variables were coerced.
func (c *Coercer) Arguments(f *ast.Field, variables map[string]any) error {
	if f.Definition == nil || len(f.Arguments) == 0 {
		return nil
	}
	r := c.run()
	for _, a := range f.Arguments {
		definition := f.Definition.Arguments.ForName(a.Name)
		if definition == nil || unset(a.Value, variables) {
			continue
		}
		r.value(definition.Type, literal(a.Value, variables), &place{name: a.Name})
	}
	r.texts(ast.SelectionSet{f}, variables)
	return r.fault()
}

func (c *Coercer) run() *run { return &run{Coercer: c} }

// run is one check of one input.
type run struct {
	*Coercer
	faults []*fault.Fault
	faulty map[string]bool // the paths of the faults, nil for none
}

// fault returns all faults as one, nil for none.
func (r *run) fault() error {
	if len(r.faults) == 0 {
		return nil
	}
	return fault.All(r.faults...)
}

func (r *run) full() bool { return len(r.faults) >= r.Max }

// value coerces a value to a type.
func (r *run) value(t *ast.Type, v any, at *place) any {
	if variable, ok := v.(checked); ok {
		return variable.value
	}
	switch {
	case r.full():
		return nil
	case v == nil:
		if t.NonNull {
			r.refuse(at, "must not be null")
		}
		return nil
	case t.Elem != nil:
		return r.list(t, v, at)
	}
	definition := r.Schema.Types[t.NamedType]
	switch {
	case definition == nil:
		return v
	case definition.Kind == ast.InputObject:
		return r.object(definition, v, at)
	case definition.Kind == ast.Enum:
		return r.enum(definition, v, at)
	}
	return r.scalar(t.NamedType, v, at)
}

// list coerces a list; a single value becomes a list of one.
func (r *run) list(t *ast.Type, v any, at *place) any {
	all, ok := v.([]any)
	if !ok {
		return []any{r.value(t.Elem, v, at)}
	}
	coerced := make([]any, len(all))
	for i, element := range all {
		coerced[i] = r.value(t.Elem, element, &place{up: at, index: i + 1})
	}
	return coerced
}

func (r *run) object(definition *ast.Definition, v any, at *place) any {
	given, ok := v.(map[string]any)
	if !ok {
		r.refuse(at, "must be an object of type %s", definition.Name)
		return nil
	}
	for _, name := range sorted(given) {
		if definition.Fields.ForName(name) == nil {
			r.refuse(&place{up: at, name: name}, "is an unknown field of %s", definition.Name)
		}
	}
	coerced := make(map[string]any, len(given))
	for _, f := range definition.Fields {
		value, ok := given[f.Name]
		switch {
		case ok:
			coerced[f.Name] = r.value(f.Type, value, &place{up: at, name: f.Name})
		case f.Type.NonNull && f.DefaultValue == nil:
			r.refuse(&place{up: at, name: f.Name}, "must be given")
		}
	}
	return coerced
}

// enum accepts only the exact name of a value.
func (r *run) enum(definition *ast.Definition, v any, at *place) any {
	name, ok := v.(string)
	if !ok || definition.EnumValues.ForName(name) == nil {
		r.refuse(at, "%s is not a valid %s", shown(v), definition.Name)
		return nil
	}
	return name
}

func (r *run) scalar(name string, v any, at *place) any {
	if n, ok := v.(lossy); ok {
		v = json.Number(n)
	}
	if n, ok := within(v); ok {
		r.refuse(at, "the number %.60s has more digits than a literal keeps; give it in a variable", n)
		return nil
	}
	check := r.Scalars[name]
	if check == nil {
		return v
	}
	if err := check(v); err != nil {
		r.add(at, fault.As(err))
		return nil
	}
	switch name {
	case "Int":
		return whole(v)
	case "Float":
		if n, ok := v.(json.Number); ok {
			v, _ = n.Float64()
		}
	}
	return v
}

// whole returns a number that the check of Int accepted as an int64.
func whole(v any) any {
	n, ok := v.(json.Number)
	if !ok {
		return v
	}
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, _ := n.Float64()
	return int64(math.Trunc(f))
}
