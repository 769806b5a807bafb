package scalar

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"cloudapi/internal/textrule"
)

// integer returns the whole number in a literal or a JSON number; 1.0 is one, a string is not.
func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case json.Number:
		return wholeNumber(v.String())
	case float64:
		return wholeNumber(strconv.FormatFloat(v, 'f', -1, 64))
	}
	return 0, false
}

// shown formats a value for an error message: shortened, and quoted if it is text.
func shown(v any) string {
	const most = 60
	s := fmt.Sprint(v)
	if str, ok := v.(string); ok {
		s = strconv.Quote(str)
	}
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// maxNesting is the maximum depth of lists and objects in a JSONObject. The databases and encoders have such limits too.
const maxNesting = 100

func checkWithin(v any, levels int) error {
	if levels == 0 {
		return invalid("text is nested more than %d levels deep", maxNesting)
	}
	switch v := v.(type) {
	case string:
		return textrule.Check("", v, textrule.MaxText)
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return invalid("text has the number %s, which is too large: it must fit into 64 bits", shown(v))
		}
	case []any:
		for _, e := range v {
			if err := checkWithin(e, levels-1); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, e := range v {
			if err := textrule.Check("", k, textrule.MaxText); err != nil {
				return err
			}
			if err := checkWithin(e, levels-1); err != nil {
				return err
			}
		}
	}
	return nil
}
