package limit

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// size is the size of an input.
type size struct {
	values  int // including lists and objects
	depth   int // of lists and objects, 0 for a scalar
	joins   int // conditions on other entities
	scans   int // conditions without an index
	plain   int // other conditions
	entries int // objects in lists
	memory  int // decoded size in bytes, without the texts
	text    int // size of the texts in bytes
}

// The memory of a decoded input, in bytes: an object has space for each of its possible fields, and a filter has many.
const (
	objectMemory = 3 << 10
	valueMemory  = 64
)

func (s size) plus(inner size) size {
	return size{
		values:  min(s.values+inner.values, maxCount),
		depth:   max(s.depth, inner.depth+1),
		joins:   min(s.joins+inner.joins, maxCount),
		scans:   min(s.scans+inner.scans, maxCount),
		plain:   min(s.plain+inner.plain, maxCount),
		entries: min(s.entries+inner.entries, maxCount),
		memory:  min(s.memory+inner.memory, maxSum),
		text:    min(s.text+inner.text, maxSum),
	}
}

// condition counts a field of an input if the input is a filter.
func (s *size) condition(of *ast.Definition, name string) {
	if of == nil || name == "" || !strings.HasSuffix(of.Name, "WhereInput") {
		return
	}
	switch {
	case strings.HasPrefix(name, "has") && strings.HasSuffix(name, "With"):
		s.joins++
	case name == "and" || name == "or" || name == "not":
	case scans(name):
		s.scans++
	default:
		s.plain++
	}
}

// scans reports whether a condition must check each row. The suffix of ent's names gives the comparison.
func scans(name string) bool {
	for _, suffix := range []string{"Contains", "ContainsFold", "HasSuffix", "EqualFold", "NEQ", "NotIn", "NotNil", "parametersIsNull", "resultIsNull"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// changeFactor is the factor by which the limit is higher for the input of a change: its values are stored, and no statement is
// planned for them.
const changeFactor = 2

// maxJoins is the maximum number of conditions on other entities in one argument. Each becomes a subquery, and SQLite plans only a
// few hundred in a statement.
const maxJoins = 100

// input rejects an input that is too large: each value becomes a parameter of a statement, each level a nested condition.
func (l Limits) input(what string, s size, isChange bool) error {
	max := l.Values
	if isChange {
		max *= changeFactor
	}
	if s.depth > l.InputDepth {
		return limitExceeded("inputDepth", fmt.Sprintf("input of the %s has %d levels of lists and objects", what, s.depth), l.InputDepth, s.depth)
	}
	if s.values > max {
		return limitExceeded("values", fmt.Sprintf("input of the %s has %s values", what, formatCount(s.values)), max, s.values)
	}
	if s.joins > maxJoins {
		return limitExceeded("joins", fmt.Sprintf("input of the %s has %s conditions on other entities", what, formatCount(s.joins)), maxJoins, s.joins)
	}
	return nil
}

// inputs has the variables of an operation.
type inputs struct {
	schema    *ast.Schema
	variables map[string]any
	sizes     map[string]size
}

// value measures a value of a document with the variables inserted. The content of a scalar is checked by the scalar.
func (in *inputs) value(v *ast.Value) size {
	switch {
	case v == nil:
		return size{}
	case v.Kind == ast.Variable:
		return in.variable(v)
	case v.Definition != nil && v.Definition.Kind == ast.Scalar && v.Kind == ast.ObjectValue:
		value, _ := v.Value(in.variables) // the scalar has accepted it
		return size{values: 1, memory: valueMemory, text: jsonText(value)}
	}
	s := size{values: 1, memory: valueMemory}
	switch v.Kind {
	case ast.ObjectValue:
		s.memory = objectMemory
	case ast.StringValue, ast.BlockValue:
		s.text = len(v.Raw)
	}
	for _, c := range v.Children {
		inner := in.value(c.Value)
		s = s.plus(inner)
		if v.Kind == ast.ListValue && inner.depth > 0 {
			s.entries = min(s.entries+1, maxCount)
		}
		s.condition(v.Definition, c.Name)
	}
	return s
}

func (in *inputs) variable(v *ast.Value) size {
	if s, ok := in.sizes[v.Raw]; ok {
		return s
	}
	s := size{values: 1, memory: valueMemory}
	if v.VariableDefinition != nil {
		if given, ok := in.variables[v.Raw]; ok {
			s = in.measure(given, v.VariableDefinition.Type)
		} else if v.VariableDefinition.DefaultValue != nil {
			s = in.value(v.VariableDefinition.DefaultValue)
		}
	}
	in.sizes[v.Raw] = s
	return s
}

// measure measures a coerced value of a type.
func (in *inputs) measure(value any, typ *ast.Type) size {
	s := size{values: 1, memory: valueMemory}
	switch value := value.(type) {
	case string:
		s.text = len(value)
	case []any:
		if typ.Elem == nil {
			return s
		}
		for _, v := range value {
			s = s.plus(in.measure(v, typ.Elem))
			if _, object := v.(map[string]any); object {
				s.entries = min(s.entries+1, maxCount)
			}
		}
	case map[string]any:
		definition := in.schema.Types[typ.Name()]
		s.memory = objectMemory
		if definition.Kind == ast.Scalar {
			s.text = jsonText(value)
		}
		for name, v := range value {
			if f := definition.Fields.ForName(name); f != nil {
				s = s.plus(in.measure(v, f.Type))
				s.condition(definition, name)
			}
		}
	}
	return s
}

// jsonText returns the size of the names and texts of a scalar whose value is an object.
func jsonText(value any) int {
	sum := 0
	switch value := value.(type) {
	case string:
		sum = len(value)
	case json.Number:
		sum = len(value)
	case []any:
		for _, v := range value {
			sum = min(sum+jsonText(v), maxSum)
		}
	case map[string]any:
		for name, v := range value {
			sum = min(sum+len(name)+jsonText(v), maxSum)
		}
	}
	return sum
}

// page returns the requested number of entries of a connection.
func (in *inputs) page(f *ast.Field, p page) int {
	for _, name := range []string{"first", "last"} {
		if a := f.Arguments.ForName(name); a != nil {
			if n, ok := in.intValue(a.Value); ok {
				return max(1, min(n, p.maxSize))
			}
		}
	}
	return p.defaultSize
}

// intValue returns an integer; false if the value is absent or null.
func (in *inputs) intValue(v *ast.Value) (int, bool) {
	value, err := v.Value(in.variables)
	if err != nil {
		return 0, false
	}
	switch n := value.(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(max(0, min(n, maxCount))), true
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil
	}
	return 0, false
}

// entries returns the number of entries of a list without pages: the number of requested guids, or an estimate.
func (in *inputs) entries(f *ast.Field) int {
	for _, a := range f.Arguments {
		if s := in.value(a.Value); s.depth > 0 {
			return max(1, s.values-1)
		}
	}
	return estimatedEntries
}

// included reports whether @skip and @include keep a selection.
func (in *inputs) included(list ast.DirectiveList) bool {
	for _, d := range list {
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		a := d.Arguments.ForName("if")
		if a == nil {
			continue
		}
		if on, err := a.Value.Value(in.variables); err == nil && on == (d.Name == "skip") {
			return false
		}
	}
	return true
}
