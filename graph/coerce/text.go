package coerce

import (
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/graph/selection"
	"cloudapi/internal/fault"
)

// texts adds the faults of texts that are checked only when they are written, so that an input with another fault shows them as
// well. It does nothing for an input without a fault.
func (r *run) texts(root ast.SelectionSet, given map[string]any) {
	if len(r.faults) == 0 {
		return
	}
	for f := range selection.Fields(root) {
		if f.Definition == nil {
			continue
		}
		for _, a := range f.Arguments {
			if definition := f.Definition.Arguments.ForName(a.Name); definition != nil {
				r.literalTexts(definition.Type, nil, a.Value, given, &place{name: a.Name})
			}
		}
	}
}

// literalTexts walks through a literal, in which variables stand for values.
func (r *run) literalTexts(t *ast.Type, rule func(string) error, v *ast.Value, given map[string]any, at *place) {
	switch v.Kind {
	case ast.Variable:
		value := given[v.Raw]
		if variable, ok := value.(checked); ok {
			value = variable.value
		}
		r.valueTexts(t, rule, value, &place{name: v.Raw, variable: true})
	case ast.ListValue:
		for i, child := range v.Children {
			if t.Elem != nil {
				r.literalTexts(t.Elem, rule, child.Value, given, &place{up: at, index: i + 1})
			}
		}
	case ast.ObjectValue:
		definition := r.Schema.Types[t.Name()]
		for _, child := range v.Children {
			if f := definition.Fields.ForName(child.Name); f != nil {
				r.literalTexts(f.Type, r.Texts[definition.Name+"."+f.Name], child.Value, given, &place{up: at, name: f.Name})
			}
		}
	case ast.StringValue, ast.BlockValue:
		r.text(rule, v.Raw, at)
	}
}

func (r *run) valueTexts(t *ast.Type, rule func(string) error, v any, at *place) {
	switch v := v.(type) {
	case []any:
		for i, element := range v {
			if t.Elem != nil {
				r.valueTexts(t.Elem, rule, element, &place{up: at, index: i + 1})
			}
		}
	case map[string]any:
		definition := r.Schema.Types[t.Name()]
		for _, f := range definition.Fields {
			r.valueTexts(f.Type, r.Texts[definition.Name+"."+f.Name], v[f.Name], &place{up: at, name: f.Name})
		}
	case string:
		r.text(rule, v, at)
	}
}

// text adds the fault of a text, unless its place has one already.
func (r *run) text(rule func(string) error, text string, at *place) {
	if rule == nil || r.full() || r.faulty[at.String()] {
		return
	}
	if err := rule(text); err != nil {
		r.add(at, fault.As(err))
	}
}
