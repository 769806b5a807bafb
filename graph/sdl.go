package graph

import (
	"bytes"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
)

// SDL writes a schema in the schema definition language, with all descriptions.
func SDL(schema *ast.Schema) []byte {
	var text bytes.Buffer
	formatter.NewFormatter(&text).FormatSchema(schema)
	return text.Bytes()
}
