package textrule

import (
	"strings"
	"unicode"

	"cloudapi/internal/fault"
)

// Login rejects a new login that is unusable or could be mistaken for another: `:` ends the login in HTTP Basic; blanks at
// its ends, line breaks, invisible characters and direction marks cannot be seen.
func Login(field, value string, limit int) error {
	if strings.Contains(value, ":") {
		return fault.New(fault.Invalid, "%s must not contain a colon", field).On(field)
	}
	return Name(field, value, limit)
}

// Name is Login for a name that is only displayed: it may contain a colon.
func Name(field, value string, limit int) error {
	if strings.TrimSpace(value) == "" {
		return fault.New(fault.Invalid, "%s must not be empty", field).On(field)
	}
	if err := Check(field, value, limit); err != nil {
		return err
	}
	if strings.TrimSpace(value) != value {
		return fault.New(fault.Invalid, "%s must not begin or end with a blank", field).On(field)
	}
	for _, r := range value {
		if unseen(r) {
			return fault.New(fault.Invalid, "%s contains the character U+%04X, which cannot be seen", field, r).On(field)
		}
	}
	return nil
}

// unseen reports whether a character is invisible, changes the writing direction, or looks like a blank but is not U+0020.
func unseen(r rune) bool {
	const brailleBlank = '\u2800'
	return r == brailleBlank || unicode.IsControl(r) || unicode.IsSpace(r) && r != ' ' ||
		unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Zs, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != ' '
}
