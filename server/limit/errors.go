package limit

import (
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The most of a client's own text that an error gives back, in bytes.
const (
	longestMessage = 1000
	longestName    = 200
)

// Trim keeps an answer's errors few and short: most of what makes one long was
// the client's own.
func (l Limits) Trim(errs gqlerror.List) gqlerror.List {
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

// clip cuts text to at most longest bytes, not within a character.
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
