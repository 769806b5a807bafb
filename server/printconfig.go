package main

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

// printConfig writes each option of a command with its value and its source. Secrets are masked.
func printConfig(w io.Writer, command *kong.Context) error {
	given := map[string]bool{}
	for _, element := range command.Path {
		if element.Flag != nil && !element.Resolved {
			given[element.Flag.Name] = true
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, flag := range command.Flags() {
		if flag.Name == "help" || flag.Name == "version" || flag.Name == "print-config" {
			continue
		}
		_, _ = fmt.Fprintf(table, "--%s\t%s\t%s\n", flag.Name, cmp.Or(shownValue(flag), "(none)"), sourceOf(flag, given))
	}
	return table.Flush()
}

// sourceOf returns the source of an option's value. The command line takes precedence over the environment.
func sourceOf(flag *kong.Flag, given map[string]bool) string {
	if given[flag.Name] {
		return "command line"
	}
	for _, variable := range flag.Envs {
		if _, ok := os.LookupEnv(variable); ok {
			return "environment: " + variable
		}
	}
	return "default"
}

const masked = "********"

// secretOption matches options whose whole value is a secret.
var secretOption = regexp.MustCompile(`(?:password|secret|key)$`)

func shownValue(flag *kong.Flag) string {
	value := fmt.Sprint(flag.Target.Interface())
	switch {
	case value == "" || value == "[]" || value == "map[]":
		return ""
	case flag.Name == "tls-key":
		return value // a file name
	case secretOption.MatchString(flag.Name):
		return masked
	case strings.HasSuffix(flag.Name, "url") || strings.HasSuffix(flag.Name, "endpoint"):
		return maskedURL(value)
	}
	return value
}

// maskedURL masks the password of a URL. It masks a URL completely that net/url cannot parse, for example one with several
// hosts.
func maskedURL(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return masked
	}
	authority, tail, _ := cutAny(rest, "/?#")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, _, hasPassword := strings.Cut(authority[:at], ":")
		if hasPassword {
			user += ":" + masked
		}
		authority = user + authority[at:]
	}
	return scheme + "://" + authority + maskedQuery(tail)
}

// maskedQuery masks a password among the parameters.
func maskedQuery(tail string) string {
	path, query, found := strings.Cut(tail, "?")
	if !found {
		return tail
	}
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		name, _, _ := strings.Cut(p, "=")
		if decoded, err := url.QueryUnescape(name); err != nil || strings.Contains(decoded, "password") {
			parameters[i] = name + "=" + masked
		}
	}
	return path + "?" + strings.Join(parameters, "&")
}

// cutAny cuts text before the first of the given characters.
func cutAny(text, characters string) (before, after string, found bool) {
	if i := strings.IndexAny(text, characters); i >= 0 {
		return text[:i], text[i:], true
	}
	return text, "", false
}
