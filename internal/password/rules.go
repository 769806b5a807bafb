package password

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/data"
	"golang.org/x/text/unicode/norm"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
)

// The length of a password, in characters (Unicode code points, composed).
const (
	MinLength = 8
	MaxLength = 1024
)

//go:embed common.txt
var common string

// Check rejects a new password that is too short, too long, or common. There are no composition rules (NIST SP 800-63B,
// 5.1.1.2). The fault names field and never quotes the password.
func Check(field string, password secret.Text) error {
	given := password.Reveal()
	if !utf8.ValidString(given) {
		return fault.New(fault.Invalid, "%s is not valid UTF-8", field).On(field)
	}
	value := norm.NFC.String(given)
	length := utf8.RuneCountInString(value)
	if length < MinLength || length > MaxLength {
		return fault.New(fault.Invalid, "%s must have %d to %d characters", field, MinLength, MaxLength).On(field)
	}
	if _, found := commonPasswords()[strings.ToLower(value)]; found {
		return fault.New(fault.Invalid, "%s is one of the most common passwords; choose another", field).On(field)
	}
	return nil
}

// commonPasswords are the rejected passwords, in lower case: the zxcvbn list (github.com/ccojocar/zxcvbn-go) and common.txt,
// which has newer ones. It omits those that are too short anyway.
var commonPasswords = sync.OnceValue(func() map[string]struct{} {
	var listed struct{ List []string }
	// The asset is compiled in; a test counts the entries.
	if asset, err := data.Asset("data/Passwords.json"); err == nil {
		_ = json.Unmarshal(asset, &listed)
	}
	found := make(map[string]struct{}, 2500)
	for _, p := range append(listed.List, strings.Fields(common)...) {
		if utf8.RuneCountInString(p) >= MinLength {
			found[strings.ToLower(p)] = struct{}{}
		}
	}
	return found
})
