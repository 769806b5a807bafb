package playground

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Example is a tab that the playground opens with.
type Example struct {
	// Group is the name of the example's folder without its number: read,
	// change, users or live.
	Group string `json:"group"`
	// Title is the name of the file without its number.
	Title string `json:"title"`
	Query string `json:"query"`
	// Variables is a JSON object, or empty. The page replaces RANDOM by random digits, and the nil guid by the id that Setup
	// returns.
	Variables string `json:"variables,omitempty"`
	// Setup has operations that create what the example needs. The page runs them in order before the example. Their aliases
	// name the variables and input fields that get the first id of the answer; the alias bearer returns a token, which the
	// example is sent with.
	Setup string `json:"setup,omitempty"`
	// URL is the equivalent old URL, empty for none.
	URL string `json:"url,omitempty"`
}

// Examples returns the tabs in the order of their file names: examples/<number>-<group>/<number>_<title>.graphql. Beside it
// may be files with the same name that end in .json (variables), .setup.graphql and .url.
func Examples() ([]Example, error) {
	names, err := fs.Glob(files, "examples/*/*.graphql")
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	slices.Sort(names)
	examples := make([]Example, 0, len(names))
	for _, name := range names {
		base := strings.TrimSuffix(name, ".graphql")
		if strings.HasSuffix(base, ".setup") {
			continue
		}
		example := Example{}
		_, example.Group, _ = strings.Cut(path.Base(path.Dir(base)), "-")
		_, example.Title, _ = strings.Cut(path.Base(base), "_")
		for suffix, field := range map[string]*string{
			".graphql": &example.Query, ".json": &example.Variables,
			".setup.graphql": &example.Setup, ".url": &example.URL,
		} {
			content, err := files.ReadFile(base + suffix)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("playground: %w", err)
			}
			*field = string(content)
		}
		example.URL = strings.TrimSpace(example.URL)
		examples = append(examples, example)
	}
	return examples, nil
}

// valueInURL matches the value of a parameter.
var valueInURL = regexp.MustCompile(`=[^&]*`)

// harmless returns the example for a server with real data. A click must not change anything there: the variables of a
// change are in a comment, and the setup is removed.
func (e Example) harmless() Example {
	if strings.Contains(e.Setup, "mutation ") {
		e.Setup = ""
	}
	if !strings.Contains(e.Query, "mutation ") {
		return e
	}
	if e.Variables != "" {
		lines := strings.Split(strings.TrimSpace(e.Variables), "\n")
		var comments []string
		for _, line := range strings.Split(e.Query, "\n") {
			if !strings.HasPrefix(line, "# ") {
				comments = append(comments, line)
			}
		}
		e.Query = "# Fill in the variables, for example:\n# " + strings.Join(lines, "\n# ") + "\n" + strings.Join(comments, "\n")
	}
	e.Variables = ""
	e.URL = valueInURL.ReplaceAllString(e.URL, "=")
	return e
}
