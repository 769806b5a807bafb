package limit

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"

	"cloudapi/internal/fault"
	"cloudapi/internal/strictjson"
)

// maxQuoted is how much of a rejected text an error quotes, in bytes.
const maxQuoted = 40

// Source checks the text of a document against the limits that the lexer can check, and returns the number of tokens. It
// checks invalid GraphQL up to the error, which the parser then reports.
func (l Limits) Source(query string) (int, error) {
	s := &source{text: query, limits: l}
	lex, tokens := lexer.New(&ast.Source{Input: query}), 0
	var refused error
	for {
		t, err := lex.ReadToken()
		if err != nil || t.Kind == lexer.EOF {
			break
		}
		if tokens++; tokens <= l.Tokens && refused == nil {
			refused = s.check(t)
		}
	}
	if tokens > l.Tokens {
		return tokens, limitExceeded("tokens", fmt.Sprintf("document has %d tokens", tokens), l.Tokens, tokens)
	}
	return tokens, refused
}

// source is a document before it is parsed.
type source struct {
	text   string
	runes  []rune
	limits Limits
}

func (s *source) check(t lexer.Token) error {
	switch t.Kind {
	case lexer.Name:
		if n := len(t.Value); n > s.limits.Name {
			return limitExceeded("name", fmt.Sprintf("name %.*s… has %d bytes", maxQuoted, t.Value, n), s.limits.Name, n)
		}
	case lexer.String:
		return s.rejectLoneSurrogates(t)
	case lexer.Int:
		if _, err := strconv.ParseInt(t.Value, 10, 64); err != nil {
			return errNumberTooBig(t)
		}
	case lexer.Float:
		if _, err := strconv.ParseFloat(t.Value, 64); err != nil {
			return errNumberTooBig(t)
		}
	}
	return nil
}

// errNumberTooBig is the fault of a number that does not fit its Go type. Later steps would panic on it.
func errNumberTooBig(t lexer.Token) error {
	return fault.New(fault.Invalid, "The number %.*s is too large: it must fit into 64 bits", maxQuoted, t.Value)
}

// rejectLoneSurrogates rejects a lone surrogate in a string, which the lexer silently replaces by U+FFFD. U+FFFD itself is
// valid, so the check reads the raw text.
func (s *source) rejectLoneSurrogates(t lexer.Token) error {
	if !strings.ContainsRune(t.Value, utf8.RuneError) {
		return nil
	}
	if s.runes == nil {
		s.runes = []rune(s.text)
	}
	// The lexer's positions count runes.
	raw := string(s.runes[t.Pos.Start:t.Pos.End])
	if strictjson.LoneSurrogate([]byte(raw)) {
		return fault.New(fault.Invalid, "A string of the document has half of a surrogate pair")
	}
	return nil
}
