package engine

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// A client that writes guids into its documents sends a different document for each guid. lift replaces such guids by
// variables, so that these documents become equal: they are validated once, and share a plan and a statement. The text keeps
// its length, so that errors have the same locations. A document that is not valid with variables, or that already uses their
// names, is not changed.

// liftedPrefix begins the names of lifted variables.
const liftedPrefix = "liftedGuid"

// literalLength is the length of a guid in quotes.
const literalLength = 38

// maxLifted is the maximum number of guids in a document that is lifted.
const maxLifted = 64

// lift returns the document with variables, and their values. Without guids it returns the document unchanged, and no
// values.
func lift(query string) (text string, values map[string]any) {
	if strings.Contains(query, liftedPrefix) {
		return query, nil
	}
	var out strings.Builder
	copied := 0
	for at := 0; at < len(query); at++ {
		if !isGUIDLiteral(query, at) {
			continue
		}
		if len(values) == maxLifted {
			return query, nil
		}
		if values == nil {
			values = map[string]any{}
			out.Grow(len(query))
		}
		name, end := liftedName(len(values)), at+literalLength
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

// isGUIDLiteral reports whether a guid in quotes begins at an index of a document. It must not be part of a longer text
// or of a block string.
func isGUIDLiteral(query string, at int) bool {
	end := at + literalLength
	return query[at] == '"' && end <= len(query) && query[end-1] == '"' && isGUID(query[at+1:end-1]) &&
		(at == 0 || query[at-1] != '"' && query[at-1] != '\\') && (end == len(query) || query[end] != '"')
}

// liftedName returns a name that is, with its $, as long as a literal.
func liftedName(n int) string {
	return fmt.Sprintf("%s%0*d", liftedPrefix, literalLength-1-len(liftedPrefix), n)
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

// liftedDocument returns the validated document of a query with variables for its guids, and their values. It returns
// nil if the query must be used unchanged.
func (e *Engine) liftedDocument(query string) (*ast.QueryDocument, map[string]any) {
	text, values := lift(query)
	if values == nil {
		return nil, nil
	}
	// No document begins with NUL, so the key differs from that of a document sent with these variables.
	key := "\x00" + text
	doc, ok := e.docs.lru.Get(key)
	if !ok {
		if !e.docs.seenBefore(key) {
			return nil, nil
		}
		doc = e.parseLifted(query, text, len(values))
		e.docs.lru.Put(key, doc, len(key)+len(text)*tokenMemory/4)
	}
	if doc == nil {
		return nil, nil
	}
	return doc, values
}

// parseLifted parses and validates a document with lifted variables. It returns nil if it is not valid.
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
