package api

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// secretNames returns the names of all arguments and input fields whose type is
// Secret.
func secretNames(schema *ast.Schema) []string {
	var names []string
	for _, t := range schema.Types {
		for _, f := range t.Fields {
			if t.Kind == ast.InputObject && f.Type.Name() == "Secret" {
				names = append(names, f.Name)
			}
			for _, a := range f.Arguments {
				if a.Type.Name() == "Secret" {
					names = append(names, a.Name)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
