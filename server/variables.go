package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// variablePrefix begins the names of all variables of the environment that the
// program reads.
const variablePrefix = "CLOUDAPI_"

// injected are variables that Kubernetes sets in each container of a namespace
// that has a service called cloudapi.
var injected = regexp.MustCompile(`^CLOUDAPI_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_(?:TCP|UDP|SCTP)\w*)$`)

// unknownVariables returns the variables of the environment that look like
// options and are none, each with the nearest that is one, "" where none is
// near.
func unknownVariables(app *kong.Application, environment []string) map[string]string {
	known := []string{passwordVariable, portalVariable}
	for _, command := range app.Leaves(false) {
		for _, group := range command.AllFlags(false) {
			for _, flag := range group {
				known = append(known, flag.Envs...)
			}
		}
	}
	unknown := map[string]string{}
	for _, setting := range environment {
		name, _, _ := strings.Cut(setting, "=")
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(known, name) && !injected.MatchString(name) {
			unknown[name] = nearest(name, known)
		}
	}
	return unknown
}

// nearest is the known variable that a misspelt one most likely means.
func nearest(name string, known []string) string {
	options := make([]string, len(known))
	for i, k := range known {
		options[i] = strings.TrimPrefix(k, variablePrefix)
	}
	similar := core.SuggestionList(strings.TrimPrefix(name, variablePrefix), options)
	if len(similar) == 0 {
		return ""
	}
	return variablePrefix + similar[0]
}
