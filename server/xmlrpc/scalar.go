package xmlrpc

import (
	"encoding/base64"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	decimal = regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$`)
	spaces  = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "")
)

// scalar converts the text of a typed element to its value.
func scalar(typ, text string) (any, bool) {
	if typ == "string" {
		return text, true
	}
	text = strings.TrimSpace(text)
	switch typ {
	case "int", "i4":
		n, err := strconv.ParseInt(text, 10, 32)
		return n, err == nil
	case "i8":
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	case "boolean":
		return text == "1", text == "0" || text == "1"
	case "double":
		f, err := strconv.ParseFloat(text, 64)
		return f, err == nil && decimal.MatchString(text) && !math.IsInf(f, 0)
	case "base64":
		b, err := base64.StdEncoding.DecodeString(spaces.Replace(text))
		return b, err == nil
	case "dateTime.iso8601":
		return moment(text)
	case "nil":
		return nil, text == ""
	}
	return nil, false
}

// moment parses a time, which is UTC.
func moment(text string) (any, bool) {
	for _, form := range []string{"20060102T15:04:05", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(form, strings.TrimSuffix(text, "Z")); err == nil {
			return at, true
		}
	}
	return nil, false
}
