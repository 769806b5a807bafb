// Package textrule has the rules for incoming text (DESIGN.md, "The model"), which ensure that every output format can
// represent every stored value.
package textrule

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"cloudapi/internal/fault"
)

// The maximum lengths of texts, in characters (DESIGN.md, "The model").
const (
	// MaxName is for names, logins, e-mail addresses, phone numbers and Idempotency-Keys.
	MaxName = 255
	// MaxText is for all other texts.
	MaxText = 4096
)

// Check rejects text that is not UTF-8, has control characters other than tab and line breaks, has code points that XML
// cannot represent, or is longer than limit characters. The fault names field, "" for none.
func Check(field, value string, limit int) error {
	about := field
	if about == "" {
		about = "text"
	}
	if !utf8.ValidString(value) {
		return fault.New(fault.Invalid, "%s is not valid UTF-8", about).On(field)
	}
	count := 0
	for _, r := range value {
		if forbidden(r) {
			return fault.New(fault.Invalid, "%s contains the character U+%04X, which is not allowed", about, r).On(field)
		}
		count++
	}
	if count > limit {
		return fault.New(fault.Invalid, "%s is %d characters long; at most %d are allowed", about, count, limit).On(field)
	}
	return nil
}

func forbidden(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	case '\uFFFE', '\uFFFF':
		return true
	}
	return unicode.IsControl(r)
}

// Set sets a text that is given; an explicit null sets the empty text (ADR 1).
func Set[U any](given interface{ ValueOK() (*string, bool) }, set func(string) U) {
	if value, ok := given.ValueOK(); ok && value != nil {
		set(*value)
	} else if ok {
		set("")
	}
}

// FoldedColumn returns the name of the column that has the text of another column with its case folded.
func FoldedColumn(column string) string { return column + "_fold" }

// Fold returns s case-folded by Unicode's rules: texts that differ only in case have the same fold on every database.
func Fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
		}
	}
	return lowerASCII(s)
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
