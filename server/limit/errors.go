package limit

import (
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The maximum lengths, in bytes, of a client's own text in an error.
const (
	maxMessage = 1000
	maxName    = 200
)

// TruncateErrors limits the number and the length of an answer's errors. Most of a long error is the client's own text.
func (l Limits) TruncateErrors(errs gqlerror.List) gqlerror.List {
	if len(errs) > l.Errors {
		errs = errs[:l.Errors]
	}
	for _, err := range errs {
		err.Message = truncate(err.Message, maxMessage)
		for i, element := range err.Path {
			if name, ok := element.(ast.PathName); ok && len(name) > maxName {
				err.Path[i] = ast.PathName(truncate(string(name), maxName))
			}
		}
		for key, value := range err.Extensions {
			if text, ok := value.(string); ok {
				err.Extensions[key] = truncate(text, maxMessage)
			}
		}
	}
	return errs
}

// truncate cuts a text to at most max bytes, at the boundary of a character.
func truncate(text string, max int) string {
	if len(text) <= max {
		return text
	}
	cut := max
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
