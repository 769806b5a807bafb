package graph

import (
	"bytes"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// SDL writes a schema in the schema definition language, with all descriptions.
func SDL(schema *ast.Schema) []byte {
	var text bytes.Buffer
	// The formatter omits the definition of a schema with the usual root types, and its description with it.
	if schema.Description != "" {
		fmt.Fprintf(&text, "%q\nschema {\n\tquery: Query\n\tmutation: Mutation\n\tsubscription: Subscription\n}\n", schema.Description)
	}
	formatter.NewFormatter(&text).FormatSchema(schema)
	return text.Bytes()
}
