package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// variablePrefix is the prefix of all environment variables that the program reads.
const variablePrefix = "CLOUDAPI_"

// passwordVariable is an environment variable with a password. None has a flag: other users of a machine can read command
// lines.
type passwordVariable string

const (
	userPassword   passwordVariable = "CLOUDAPI_USER_PASSWORD"   // for a cloud user
	portalPassword passwordVariable = "CLOUDAPI_PORTAL_PASSWORD" // for a portal account
	sourcePassword passwordVariable = "CLOUDAPI_SOURCE_PASSWORD" // for an old server whose URL has none
)

var passwordVariables = []passwordVariable{userPassword, portalPassword, sourcePassword}

// kubernetesVariable matches variables that Kubernetes sets in each container of a namespace with a service called cloudapi.
var kubernetesVariable = regexp.MustCompile(`^CLOUDAPI_(?:\w+_)?(?:SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d+_(?:TCP|UDP|SCTP)\w*)$`)

// unknownVariables returns environment variables with the prefix that are not options, each with the most similar option, ""
// for none.
func unknownVariables(app *kong.Application, environment []string) map[string]string {
	var known []string
	for _, variable := range passwordVariables {
		known = append(known, string(variable))
	}
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
		if strings.HasPrefix(name, variablePrefix) && !slices.Contains(known, name) && !kubernetesVariable.MatchString(name) {
			unknown[name] = mostSimilar(name, known)
		}
	}
	return unknown
}

// mostSimilar returns the known variable that is most similar to a misspelt one.
func mostSimilar(name string, known []string) string {
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
