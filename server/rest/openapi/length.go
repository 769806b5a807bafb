package openapi

import (
	"regexp"
	"strconv"
	"strings"
)

// The lengths of texts are in the descriptions of schema.graphqls, in this wording. A test sends longer texts.
var lengths = regexp.MustCompile(`(?:\b([0-9,]+) to|up to) ([0-9,]+) characters`)

// withLengths adds the lengths in a description to the schema of a text.
func withLengths(schema object, description string) object {
	found := lengths.FindStringSubmatch(description)
	if found == nil || schema.get("type") != "string" || schema.get("format") == "uuid" {
		return schema
	}
	for i, key := range []string{"minLength", "maxLength"} {
		if n, err := strconv.Atoi(strings.ReplaceAll(found[i+1], ",", "")); err == nil {
			schema = append(schema, member{key, n})
		}
	}
	return schema
}
