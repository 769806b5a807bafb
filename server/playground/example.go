package playground

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Example is a tab that the playground opens with.
type Example struct {
	// Title is the name of the file without its number.
	Title string `json:"title"`
	Query string `json:"query"`
	// Variables is a JSON object, or empty.
	Variables string `json:"variables,omitempty"`
}

// Examples are the ready-made tabs, in the order of their file names:
// examples/<number>_<title>.graphql, and <number>_<title>.json beside it for
// the variables.
func Examples() ([]Example, error) {
	names, err := fs.Glob(files, "examples/*.graphql")
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	slices.Sort(names)
	examples := make([]Example, 0, len(names))
	for _, name := range names {
		query, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("playground: %w", err)
		}
		base := strings.TrimSuffix(name, ".graphql")
		variables, err := files.ReadFile(base + ".json")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("playground: %w", err)
		}
		_, title, _ := strings.Cut(path.Base(base), "_")
		examples = append(examples, Example{Title: title, Query: string(query), Variables: string(variables)})
	}
	return examples, nil
}
