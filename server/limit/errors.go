package limit

import (
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// How much of a client's own text an error repeats at most, in bytes.
const (
	longestMessage = 1000
	longestName    = 200
)

// TruncateErrors limits the number and the length of an answer's errors. Most of a long error is the client's own text.
func (l Limits) TruncateErrors(errs gqlerror.List) gqlerror.List {
	if len(errs) > l.Errors {
		errs = errs[:l.Errors]
	}
	for _, err := range errs {
		err.Message = clip(err.Message, longestMessage)
		for i, element := range err.Path {
			if name, ok := element.(ast.PathName); ok && len(name) > longestName {
				err.Path[i] = ast.PathName(clip(string(name), longestName))
			}
		}
		for key, value := range err.Extensions {
			if text, ok := value.(string); ok {
				err.Extensions[key] = clip(text, longestMessage)
			}
		}
	}
	return errs
}

// clip cuts text to at most longest bytes, at the boundary of a character.
func clip(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
