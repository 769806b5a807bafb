package textrule_test

import (
	"strings"
	"testing"

	"cloudapi/internal/fault"
	"cloudapi/internal/textrule"
)

func TestLogin(t *testing.T) {
	for _, good := range []string{"ada", "Ada Lovelace", "zoë", "ada@example.com", "埃达", "a'b/c\\d", strings.Repeat("é", 255)} {
		if err := textrule.Login("login", good, 255); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", " ", "ada:x", ":", " ada", "ada ", "\u00a0ada", "ada\u3000", "a\u00a0da", "ada\nroot", "ada\rroot", "a\tda", "ada\x00", "ada\x7f", "a\u0085b",
		"a\u200bda", "a\u200dda", "\ufeffada", "a\u00adda", "a\u202eda", "a\u2066da", "a\u200fda", "a\u061cda", "a\u2028da",
		"a\u180eda", "a\u034fda", "a\u3164da", "a\uffa0da", "a\u115fda", "a\ufe0fda", "a\U000e0100da", "a\u2800da", "a\xffda",
		strings.Repeat("é", 256),
	} {
		err := textrule.Login("login", bad, 255)
		if !fault.Is(err, fault.Invalid) || fault.As(err).Field != "login" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := textrule.Name("login", "id.example:ada", 255); err != nil {
		t.Error(err)
	}
}
