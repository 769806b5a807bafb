package rest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"cloudapi/internal/strictjson"
)

// decodeJSON decodes a list or a dictionary. Blank and null mean that no value is given.
func (p *Parameter) decodeJSON(value string) (any, error) {
	if strings.TrimSpace(value) == "" {
		return nil, nil
	}
	var v any
	if err := strictjson.Unmarshal([]byte(value), &v); err != nil {
		return nil, invalid("%s is not valid JSON", p.Name)
	}
	return p.structure(v, "a JSON list", "a JSON dictionary")
}

// structure accepts a list or a dictionary. list and dictionary are the transport's words for them, for errors.
func (p *Parameter) structure(v any, list, dictionary string) (any, error) {
	if v == nil {
		return nil, nil
	}
	if p.List {
		if _, ok := v.([]any); !ok {
			return nil, invalid("%s must be %s", p.Name, list)
		}
		return v, nil
	}
	given, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("%s must be %s", p.Name, dictionary)
	}
	if p.Type == "JSONObject" {
		return given, nil
	}
	return p.object(given)
}

// OtherKeys is the field of an input object for the keys that the object does not declare.
const OtherKeys = "other"

func (p *Parameter) object(given map[string]any) (any, error) {
	object, rest := map[string]any{}, map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		v, field := given[key], p.definition.Fields.ForName(key)
		switch {
		case field == nil || key == OtherKeys:
			rest[key] = v
		case v == nil || v == "":
			// Blank means that no value is given here too.
		default:
			value, ok := coerce(field.Type.Name(), v)
			if !ok {
				return nil, invalid("%s.%s is not a %s", p.Name, key, strings.ToLower(field.Type.Name()))
			}
			object[key] = value
		}
	}
	if len(rest) > 0 {
		if p.definition.Fields.ForName(OtherKeys) == nil {
			return nil, invalid("%s has the unknown key %s", p.Name, quote(slices.Sorted(maps.Keys(rest))[0]))
		}
		object[OtherKeys] = rest
	}
	return object, nil
}

// coerce converts a value of a dictionary to the type of its field: numbers and booleans may be quoted, because old clients
// quote other values too, and text may look like a number. The schema checks other types.
func coerce(typ string, v any) (any, bool) {
	s, isText := v.(string)
	switch typ {
	case "Float", "Int":
		if isText {
			if !json.Valid([]byte(s)) {
				return nil, false
			}
			v = json.Number(s)
		}
		n, isNumber := v.(json.Number)
		_, err := n.Float64()
		return n, isNumber && err == nil
	case "Boolean":
		b, isBool := v.(bool)
		switch {
		case isBool:
			return b, true
		case strings.EqualFold(s, "true"):
			return true, true
		}
		return false, strings.EqualFold(s, "false")
	case "String":
		if n, ok := v.(json.Number); ok {
			return n.String(), true
		}
		return s, isText
	}
	return v, true
}
