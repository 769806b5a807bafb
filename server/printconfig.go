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

// printConfig writes each option of a command with its value and where that
// comes from. Secrets are masked.
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

// sourceOf says where the value of an option comes from. The command line wins
// over the environment.
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

// secretOption are the options whose whole value is a secret.
var secretOption = regexp.MustCompile(`(?:password|secret|key)$`)

func shownValue(flag *kong.Flag) string {
	value := fmt.Sprint(flag.Target.Interface())
	switch {
	case value == "" || value == "[]" || value == "map[]":
		return ""
	case flag.Name == "tls-key":
		return value // the name of a file
	case secretOption.MatchString(flag.Name):
		return masked
	case strings.HasSuffix(flag.Name, "url") || strings.HasSuffix(flag.Name, "endpoint"):
		return maskedURL(value)
	}
	return value
}

// maskedURL hides the password of a URL, and all of one that cannot be read: it
// may name several hosts, which net/url does not know.
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

// maskedQuery hides a password among the parameters.
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

// cutAny cuts text before the first of some characters.
func cutAny(text, characters string) (before, after string, found bool) {
	if i := strings.IndexAny(text, characters); i >= 0 {
		return text[:i], text[i:], true
	}
	return text, "", false
}
