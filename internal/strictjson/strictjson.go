// Package strictjson decodes JSON from clients by the rules of RFC 7493 (I-JSON): a single value with nothing after it,
// valid UTF-8, no lone surrogate, and no duplicate member. Numbers keep their digits.
package strictjson

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxInteger is the largest integer up to which every JSON reader represents all integers exactly (RFC 7493, 2.2).
const MaxInteger = 1<<53 - 1

// The reasons to reject a text. None quotes it.
var (
	ErrUTF8      = errors.New("it is not valid UTF-8")
	ErrSurrogate = errors.New("it has half of a surrogate pair")
	ErrTwice     = errors.New("a member is given twice")
	ErrShort     = errors.New("it ends too early")
	ErrTrailing  = errors.New("something follows the first value")
	ErrNoObject  = errors.New("it is another JSON value")
	ErrList      = errors.New("it is a list; requests are sent one at a time")
)

// Object is a JSON object whose numbers keep their digits, also in a database.
type Object map[string]any

// UnmarshalJSON decodes an object.
func (o *Object) UnmarshalJSON(data []byte) error {
	return Unmarshal(data, (*map[string]any)(o))
}

// Unmarshal decodes data, a single value, into v, with numbers as json.Number.
func Unmarshal(data []byte, v any) error {
	digits := json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, v *any) error {
		if d.PeekKind() != '0' {
			return json.SkipFunc
		}
		number, err := d.ReadValue()
		*v = stdjson.Number(number)
		return err
	}))
	return reason(data, json.Unmarshal(data, v, digits))
}

// Members splits data, a single object, into the text of each member. Names are case-sensitive.
func Members(data []byte) (map[string]stdjson.RawMessage, error) {
	var members map[string]stdjson.RawMessage
	err := json.Unmarshal(data, &members)
	if _, other := errors.AsType[*json.SemanticError](err); other || err == nil && members == nil {
		if jsontext.Value(data).Kind() == '[' {
			return nil, ErrList
		}
		return nil, ErrNoObject
	}
	return members, reason(data, err)
}

// reason returns why a text was rejected.
func reason(data []byte, err error) error {
	syntax, _ := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jsontext.ErrDuplicateName):
		return ErrTwice
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrShort
	case !utf8.Valid(data):
		return ErrUTF8
	case LoneSurrogate(data):
		return ErrSurrogate
	case syntax != nil:
		if _, err := jsontext.NewDecoder(bytes.NewReader(data)).ReadValue(); err == nil {
			return ErrTrailing
		}
		return fmt.Errorf("it is no JSON at byte %d", syntax.ByteOffset)
	}
	return ErrNoObject
}

// LoneSurrogate reports whether data has an escape from \uD800 to \uDFFF that is not part of a surrogate pair.
func LoneSurrogate(data []byte) bool {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		r, ok := escape(data[i:])
		if !ok {
			i++ // the escaped character, which may be a backslash
			continue
		}
		i += 5
		if !utf16.IsSurrogate(r) {
			continue
		}
		low, ok := escape(data[i+1:])
		if !ok || utf16.DecodeRune(r, low) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escape decodes the \uXXXX at the start of data.
func escape(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}
