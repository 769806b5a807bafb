package password

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
)

// The length of a password, in characters.
const (
	MinLength = 8
	MaxLength = 1024
)

//go:embed common.txt
var common string

// Check refuses a new password that is too short, too long, or one that
// everybody tries first. There are no rules about what it is made of. The fault
// names field.
func Check(field string, password secret.Text) error {
	value := password.Reveal()
	length := utf8.RuneCountInString(value)
	if length < MinLength || length > MaxLength {
		return fault.New(fault.Invalid, "%s must have %d to %d characters", field, MinLength, MaxLength).On(field)
	}
	if slices.Contains(strings.Fields(common), strings.ToLower(value)) {
		return fault.New(fault.Invalid, "%s is one of the most common passwords; choose another", field).On(field)
	}
	return nil
}
