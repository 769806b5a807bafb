package engine

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// A client that writes guids into its documents sends a new document for each
// of them. lift turns such guids into variables, so that the documents are one:
// validated once, with one plan and one statement. The text keeps its length, so
// that errors point to the same places. A document that is not valid with
// variables is treated as it came; so is one that has such variables itself.

// liftedPrefix begins the names of lifted variables.
const liftedPrefix = "liftedGuid"

// sizeOfLiteral is the length of a guid in quotes.
const sizeOfLiteral = 38

// maxLifted is how many guids of a document are lifted at most.
const maxLifted = 64

// lift returns the document with variables, and their values; none where there
// is nothing to lift.
func lift(query string) (text string, values map[string]any) {
	if strings.Contains(query, liftedPrefix) {
		return query, nil
	}
	var out strings.Builder
	copied := 0
	for at := 0; at < len(query); at++ {
		if !isLiteral(query, at) {
			continue
		}
		if len(values) == maxLifted {
			return query, nil
		}
		if values == nil {
			values = map[string]any{}
			out.Grow(len(query))
		}
		name, end := liftedName(len(values)), at+sizeOfLiteral
		values[name] = query[at+1 : end-1]
		out.WriteString(query[copied:at])
		out.WriteString("$" + name)
		copied, at = end, end-1
	}
	if values == nil {
		return query, nil
	}
	out.WriteString(query[copied:])
	return out.String(), values
}

// isLiteral reports whether a guid in quotes begins at a place of a document, and
// neither a longer text nor a block string.
func isLiteral(query string, at int) bool {
	end := at + sizeOfLiteral
	return query[at] == '"' && end <= len(query) && query[end-1] == '"' && isGUID(query[at+1:end-1]) &&
		(at == 0 || query[at-1] != '"' && query[at-1] != '\\') && (end == len(query) || query[end] != '"')
}

// liftedName is a name that takes as much room with its $ as a literal.
func liftedName(n int) string {
	return fmt.Sprintf("%s%0*d", liftedPrefix, sizeOfLiteral-1-len(liftedPrefix), n)
}

func isGUID(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash != (c == '-'):
			return false
		case !dash && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f'):
			return false
		}
	}
	return true
}

// lifted returns the validated document of a query with variables in the place
// of its guids, nil where it is to be treated as it came.
func (e *Engine) lifted(query string) (*ast.QueryDocument, map[string]any) {
	text, values := lift(query)
	if values == nil {
		return nil, nil
	}
	// No document begins with NUL: those that came with variables are apart.
	key := "\x00" + text
	doc, ok := e.docs.used.Get(key)
	if !ok {
		if !e.docs.again(key) {
			return nil, nil
		}
		doc = e.parseLifted(query, text, len(values))
		e.docs.used.Put(key, doc, len(key)+len(text)*bytesOfToken/4)
	}
	if doc == nil {
		return nil, nil
	}
	return doc, values
}

// parseLifted parses and validates a document with lifted variables, nil where
// it is not valid.
func (e *Engine) parseLifted(query, text string, variables int) *ast.QueryDocument {
	tokens, err := e.limits.Source(query)
	if err != nil {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, tokens+variables)
	if err != nil || len(doc.Operations) != 1 || e.limits.Document(doc) != nil {
		return nil
	}
	op := doc.Operations[0]
	for n := range variables {
		op.VariableDefinitions = append(op.VariableDefinitions, &ast.VariableDefinition{
			Variable: liftedName(n), Type: ast.NonNullNamedType("ID", op.Position), Position: op.Position,
		})
	}
	if len(e.validate(doc, e.rulesWithoutSuggestions)) > 0 {
		return nil
	}
	return doc
}
