package rest

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/fault"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/textrule"
)

// Parameter is a parameter of an old method: a variable of its operation.
type Parameter struct {
	Name     string
	Required bool
	// Type is the variable's type in schema.graphqls.
	Type string
	// Description is the description, in schema.graphqls, of the argument or field that the parameter provides, "" for a
	// parameter that only the router uses.
	Description string

	// List says that the value is a list of the type.
	List bool
	// Implicit says that the router takes the parameter, and not the operation.
	Implicit bool

	definition *ast.Definition
	// From the router's directives.
	matchesNothing, endOfSecond bool
}

func newParameter(schema *ast.Schema, v *ast.VariableDefinition, implicit bool) *Parameter {
	return &Parameter{
		Name: v.Variable, Required: v.Type.NonNull && v.DefaultValue == nil, Type: v.Type.Name(),
		definition: schema.Types[v.Type.Name()], List: v.Type.Elem != nil, Implicit: implicit,
		matchesNothing: v.Directives.ForName(nothingDirective) != nil, endOfSecond: v.Directives.ForName(secondDirective) != nil,
	}
}

// maxStructured is the maximum length of a list or a dictionary, in characters: the schema's own limits are lower.
const maxStructured = 1 << 20

// Whole numbers as JSON writes them, and their number of bits by type.
var (
	integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	bits    = map[string]int{"Int": 32, "Amount": 64, "BigInt": 64}
)

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// Structured reports whether the values of the parameter are lists or dictionaries, in JSON.
func (p *Parameter) Structured() bool {
	return p.List || p.definition.Kind == ast.InputObject || p.Type == "JSONObject"
}

// decode converts the text of a parameter to the value of its variable, by the declared type. A blank text becomes nil: no
// value is given. An error names the parameter.
func (p *Parameter) decode(value string) (any, error) {
	if p.Structured() {
		if err := textrule.Check(p.Name, value, maxStructured); err != nil {
			return nil, err
		}
		return p.decodeJSON(value)
	}
	value, err := p.unquote(value)
	if err != nil {
		return nil, err
	}
	return p.text(value)
}

// text decodes a text without interpreting it.
func (p *Parameter) text(value string) (any, error) {
	if value == "" {
		return nil, nil
	}
	if err := textrule.Check(p.Name, value, textrule.MaxText); err != nil {
		return nil, err
	}
	return p.scalar(value)
}

func (p *Parameter) scalar(value string) (any, error) {
	switch {
	case p.Type == "ID":
		id, err := uuid.Parse(value)
		if err != nil || len(value) != len(uuid.Nil.String()) {
			return nil, invalid("%s is not a guid: %s", p.Name, quote(value))
		}
		return id.String(), nil
	case p.Type == "Time":
		return p.time(value)
	case bits[p.Type] > 0:
		return p.integer(strings.TrimSpace(value))
	case p.definition.Kind == ast.Enum:
		if p.definition.EnumValues.ForName(value) == nil {
			return nil, invalid("Enumeration %s got no item with name %s", enumeration(p.Type), truncate(value))
		}
		return value, nil
	case p.Type == "Float", p.Type == "Boolean":
		v, ok := coerce(p.Type, value)
		if !ok {
			return nil, invalid("%s is not a %s: %s", p.Name, strings.ToLower(p.Type), quote(value))
		}
		return v, nil
	}
	return value, nil
}

func (p *Parameter) integer(value string) (any, error) {
	if !integer.MatchString(value) {
		return nil, invalid("%s must be an integer, not %s", p.Name, quote(value))
	}
	if _, err := strconv.ParseInt(value, 10, bits[p.Type]); err != nil {
		return nil, invalid("%s is out of range: %s", p.Name, quote(value))
	}
	return json.Number(value), nil
}

// enumeration returns the old name of an enumeration.
func enumeration(name string) string {
	const ending = "type"
	return strings.TrimSuffix(strings.ToLower(name), ending) + ending
}

// unquote removes the quotes of a value that is a JSON string: old clients quote text that looks like a number.
func (p *Parameter) unquote(value string) (string, error) {
	if len(value) < 2 || value[0] != '"' {
		return value, nil
	}
	var s string
	err := strictjson.Unmarshal([]byte(value), &s)
	switch {
	case errors.Is(err, strictjson.ErrSurrogate):
		return "", invalid("%s has half of a surrogate pair", p.Name)
	case err != nil:
		return value, nil
	}
	return s, nil
}

// truncate shortens a value for an error.
func truncate(value string) string {
	const max = 80
	if runes := []rune(value); len(runes) > max {
		return string(runes[:max]) + "…"
	}
	return value
}

func quote(value string) string { return "'" + truncate(value) + "'" }
