package rest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"cloudapi/internal/textrule"
)

// Positional decodes arguments that are given by position with types: string, []byte, bool, int64, float64, time.Time,
// []any, map[string]any and nil. The last ones may be omitted. A blank text means that no value is given. A scalar is used
// as its text, which is never unquoted.
func (m *Method) Positional(values []any) (map[string]any, error) {
	vars, err := m.collect(func(i int, p *Parameter) (any, error) {
		if i >= len(values) {
			return nil, nil
		}
		return p.decodeTyped(values[i])
	})
	if len(values) > len(m.Parameters) {
		err = invalid("%s takes %d parameters at most, not %d", m.Name, len(m.Parameters), len(values))
	}
	return vars, err
}

func (p *Parameter) decodeTyped(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	text, scalar := scalarText(v)
	switch {
	case p.Structured() && scalar && strings.TrimSpace(text) == "":
		return nil, nil
	case p.Structured():
		v, err := p.toJSONTypes(v)
		if err != nil {
			return nil, err
		}
		return p.structure(v, "an array", "a struct")
	case !scalar:
		return nil, invalid("%s must be a single value", p.Name)
	}
	return p.text(text)
}

// scalarText returns the text of a scalar.
func scalarText(v any) (text string, scalar bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case time.Time:
		return v.Format(timeFormat), true
	}
	return "", false
}

// toJSONTypes returns a list or a dictionary in JSON's types: numbers keep their digits, bytes and times become texts.
func (p *Parameter) toJSONTypes(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case int64:
		return json.Number(strconv.FormatInt(v, 10)), nil
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64)), nil
	case []any:
		for i := range v {
			var err error
			if v[i], err = p.toJSONTypes(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case map[string]any:
		for key, value := range v {
			var err error
			if v[key], err = p.toJSONTypes(value); err != nil {
				return nil, err
			}
		}
		return v, nil
	}
	text, _ := scalarText(v)
	return text, textrule.Check(p.Name, text, maxStructured)
}
