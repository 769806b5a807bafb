package rest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/vektah/gqlparser/v2/ast"
)

// Directives for the router that an operation may have. The router removes them before the engine parses the operation.
const (
	valueDirective   = "value"          // on a field: the router inserts a value, see rewrite
	blankDirective   = "blank"          // on a field: null is ""
	timeDirective    = "time"           // on a field: a time in the old API's format
	nothingDirective = "matchesNothing" // on a variable: if it has a value, the list is empty
	secondDirective  = "endOfSecond"    // on a variable: a time that includes its whole second
)

// The format of a time in the old API, in UTC.
const timeFormat = "2006-01-02 15:04:05"

// rewrite describes how the values of a selection are written, from the directives on its fields and on those below.
type rewrite struct {
	directive string
	value     *ast.Value // of @value
	fields    map[string]*rewrite
}

// takeDirectives removes the router's directives from a selection. It returns nil if there are none.
func takeDirectives(set ast.SelectionSet) (*rewrite, error) {
	all := &rewrite{fields: map[string]*rewrite{}}
	for _, s := range set {
		f, ok := s.(*ast.Field)
		if !ok {
			continue
		}
		inner, err := takeDirectives(f.SelectionSet)
		if err != nil {
			return nil, err
		}
		for _, name := range []string{valueDirective, blankDirective, timeDirective} {
			d := f.Directives.ForName(name)
			if d == nil {
				continue
			}
			if inner != nil {
				return nil, fmt.Errorf("%s: one directive of the router's at most", f.Alias)
			}
			inner = &rewrite{directive: name}
			if name == valueDirective {
				argument := d.Arguments.ForName("is")
				if argument == nil {
					return nil, errors.New("@value needs the argument is")
				}
				inner.value = argument.Value
			}
			f.Directives = withoutDirective(f.Directives, name)
		}
		if inner != nil {
			all.fields[f.Alias] = inner
		}
	}
	if len(all.fields) == 0 {
		return nil, nil
	}
	return all, nil
}

func withoutDirective(list ast.DirectiveList, name string) ast.DirectiveList {
	var rest ast.DirectiveList
	for _, d := range list {
		if d.Name != name {
			rest = append(rest, d)
		}
	}
	return rest
}

// apply appends a value to out, rewritten by the directives.
func (r *rewrite) apply(out []byte, v gjson.Result, vars map[string]any) []byte {
	switch {
	case r == nil:
		return append(out, v.Raw...)
	case r.directive == valueDirective:
		return append(out, r.literal(vars)...)
	case v.IsArray():
		out = append(out, '[')
		for i, item := range v.Array() {
			if i > 0 {
				out = append(out, ',')
			}
			out = r.apply(out, item, vars)
		}
		return append(out, ']')
	case v.IsObject():
		return r.object(out, v, vars)
	case r.directive != "" && v.Type == gjson.Null:
		return append(out, `""`...)
	case r.directive == timeDirective:
		// The engine's value is a time.
		if at, err := time.Parse(time.RFC3339Nano, v.String()); err == nil {
			return append(out, `"`+at.UTC().Format(timeFormat)+`"`...)
		}
	}
	return append(out, v.Raw...)
}

func (r *rewrite) object(out []byte, v gjson.Result, vars map[string]any) []byte {
	out = append(out, '{')
	first := true
	v.ForEach(func(key, value gjson.Result) bool {
		if !first {
			out = append(out, ',')
		}
		first = false
		out = append(append(out, key.Raw...), ':')
		out = r.fields[key.String()].apply(out, value, vars)
		return true
	})
	return append(out, '}')
}

// literal returns the JSON of @value: a literal, or the caller's value of a variable, "" if it has none. Only guids are used
// as variables here, and they need no escapes in JSON.
func (r *rewrite) literal(vars map[string]any) string {
	if r.value.Kind != ast.Variable {
		return r.value.String()
	}
	given, _ := vars[r.value.Raw].(string)
	return `"` + given + `"`
}

// withRewrite returns run with the directives of the method applied to its data.
func (m *Method) withRewrite(run run) run {
	if m.rewrite == nil {
		return run
	}
	return func(vars map[string]any) ([]byte, error) {
		data, err := run(vars)
		if err != nil {
			return nil, err
		}
		return m.rewrite.apply(make([]byte, 0, len(data)), gjson.ParseBytes(data), vars), nil
	}
}

// takeVariables removes the router's directives from the variables of an operation, and the variables that only the router
// uses.
func takeVariables(op *ast.OperationDefinition) (declared ast.VariableDefinitionList) {
	declared = op.VariableDefinitions
	op.VariableDefinitions = nil
	for _, v := range declared {
		if v.Directives.ForName(nothingDirective) != nil {
			continue
		}
		passed := *v
		passed.Directives = withoutDirective(v.Directives, secondDirective)
		op.VariableDefinitions = append(op.VariableDefinitions, &passed)
	}
	return declared
}

// matchesNothing reports whether the caller gave a parameter that no object matches.
func (m *Method) matchesNothing(vars map[string]any) bool {
	for _, p := range m.Parameters {
		if p.matchesNothing && vars[p.Name] != nil {
			return true
		}
	}
	return false
}

// time decodes a time of the old API, or one of RFC 3339.
func (p *Parameter) time(value string) (any, error) {
	at, err := time.Parse(timeFormat, strings.TrimSpace(value))
	if err != nil {
		if at, err = time.Parse(time.RFC3339Nano, strings.TrimSpace(value)); err != nil {
			return nil, invalid("%s must be a time YYYY-MM-DD hh:mm:ss, not %s", p.Name, quote(value))
		}
	}
	if p.endOfSecond {
		at = at.Truncate(time.Second).Add(time.Second - time.Microsecond)
	}
	return at.UTC().Format(time.RFC3339Nano), nil
}
