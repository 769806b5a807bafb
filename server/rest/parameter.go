package rest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
	"cloudapi/internal/jsontext"
	"cloudapi/internal/text"
)

// Parameter is a parameter of an old method: a variable of its operation.
type Parameter struct {
	Name     string
	Required bool
	// Type is the variable's type in schema.graphqls.
	Type string

	definition *ast.Definition
	schema     *ast.Schema
	list       bool
	implicit   bool // taken by the router, not by the operation
}

func newParameter(schema *ast.Schema, v *ast.VariableDefinition) *Parameter {
	return &Parameter{
		Name: v.Variable, Required: v.Type.NonNull, Type: v.Type.Name(),
		definition: schema.Types[v.Type.Name()], schema: schema, list: v.Type.Elem != nil,
	}
}

const longest = 4096

// integer is a whole number as JSON writes it.
var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func refuse(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// decode turns the text of a parameter into the value of its variable, by the
// declared type. A blank text is nil: it means that nothing is given.
func (p *Parameter) decode(value string) (any, error) {
	if err := text.Check(p.Name, value, 1<<20); err != nil {
		return nil, err
	}
	if p.list || p.definition.Kind == ast.InputObject || p.Type == "JSONObject" {
		if strings.TrimSpace(value) == "" {
			return nil, nil
		}
		return p.structured(value)
	}
	value = unquote(value)
	if value == "" {
		return nil, nil
	}
	switch {
	case p.Type == "ID":
		id, err := uuid.Parse(value)
		if err != nil || len(value) != 36 {
			return nil, refuse("%s is not a guid: %s", p.Name, shown(value))
		}
		return id.String(), nil
	case p.Type == "Amount" || p.Type == "Int":
		if !integer.MatchString(value) {
			return nil, refuse("%s must be an integer, not %s", p.Name, shown(value))
		}
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return nil, refuse("%s is out of range: %s", p.Name, shown(value))
		}
		return json.Number(value), nil
	case p.definition.Kind == ast.Enum:
		if p.definition.EnumValues.ForName(value) == nil {
			return nil, refuse("Enumeration %s got no item with name %s", enumeration(p.Type), clip(value))
		}
		return value, nil
	case p.Type == "Secret":
		return value, text.Check(p.Name, value, longest)
	}
	return value, text.Check(p.Name, value, longest)
}

// enumeration is the old name of an enumeration.
func enumeration(name string) string {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "type") {
		return name
	}
	return name + "type"
}

// unquote takes the quotes off a value that is a JSON string: old clients quote
// text that looks like a number.
func unquote(value string) string {
	if len(value) < 2 || value[0] != '"' {
		return value
	}
	var s string
	if err := jsontext.Unmarshal([]byte(value), &s); err != nil {
		return value
	}
	return s
}

// structured decodes a list or a dictionary. The keys of a dictionary that its
// input type does not declare go into the field `other`, where it has one.
func (p *Parameter) structured(value string) (any, error) {
	var v any
	if err := jsontext.Unmarshal([]byte(value), &v); err != nil {
		return nil, refuse("%s is not valid JSON", p.Name)
	}
	if v == nil {
		return nil, nil
	}
	if p.list {
		if _, ok := v.([]any); !ok {
			return nil, refuse("%s must be a JSON list", p.Name)
		}
		return v, nil
	}
	given, ok := v.(map[string]any)
	if !ok {
		return nil, refuse("%s must be a JSON dictionary", p.Name)
	}
	if p.Type == "JSONObject" {
		return given, nil
	}
	return p.object(given)
}

const other = "other"

func (p *Parameter) object(given map[string]any) (any, error) {
	object, rest := map[string]any{}, map[string]any{}
	for key, v := range given {
		field := p.definition.Fields.ForName(key)
		if field == nil || key == other {
			rest[key] = v
			continue
		}
		if v == nil || v == "" {
			continue
		}
		value, ok := coerce(field.Type.Name(), v)
		if !ok {
			return nil, refuse("%s.%s is not a %s", p.Name, key, strings.ToLower(field.Type.Name()))
		}
		object[key] = value
	}
	if len(rest) > 0 {
		if p.definition.Fields.ForName(other) == nil {
			return nil, refuse("%s has an unknown key %s", p.Name, shown(slices.Sorted(maps.Keys(rest))[0]))
		}
		object[other] = rest
	}
	return object, nil
}

// coerce takes a value of a dictionary as its field wants it; numbers and truth
// may be quoted, as other values of old clients are.
func coerce(typ string, v any) (any, bool) {
	s, isText := v.(string)
	switch typ {
	case "Float", "Int":
		if n, ok := v.(json.Number); ok {
			return n, true
		}
		if _, err := strconv.ParseFloat(s, 64); isText && err == nil {
			return json.Number(s), true
		}
	case "Boolean":
		if b, ok := v.(bool); ok {
			return b, true
		}
		switch strings.ToLower(s) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	case "String":
		if n, ok := v.(json.Number); ok {
			return n.String(), true
		}
		return s, isText
	}
	return nil, false
}

// clip keeps what an error repeats short.
func clip(value string) string {
	const most = 80
	if runes := []rune(value); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return value
}

func shown(value string) string { return "'" + clip(value) + "'" }
