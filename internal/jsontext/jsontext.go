// Package jsontext decodes JSON from outside more strictly than encoding/json:
// one value and nothing after it, valid UTF-8, and no half of a surrogate pair,
// which encoding/json would replace without a word.
package jsontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The reasons to refuse a text.
var (
	ErrUTF8      = errors.New("it is not valid UTF-8")
	ErrSurrogate = errors.New("it has half of a surrogate pair")
	ErrTrailing  = errors.New("something follows the first value")
	ErrNoObject  = errors.New("it is another JSON value")
	ErrList      = errors.New("it is a list; requests are sent one at a time")
	ErrTwice     = errors.New("a member is given twice")
)

// Unmarshal decodes the one value of data into v, numbers as json.Number.
func Unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return ErrUTF8
	}
	if LoneSurrogate(data) {
		return ErrSurrogate
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ErrTrailing
	}
	return nil
}

// LoneSurrogate reports whether data has an escape \uD800 to \uDFFF that is no
// half of a pair.
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

// escape reads the \uXXXX that data begins with.
func escape(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}
