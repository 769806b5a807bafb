package auth

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
)

func basicHeader(text string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(text))
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers []string
		login   string
		secret  string
		ok      bool
	}{
		{"basic", []string{basicHeader("ada:correct horse")}, "ada", "correct horse", true},
		{"a colon in the password", []string{basicHeader("ada:a:b:")}, "ada", "a:b:", true},
		{"no password", []string{basicHeader("ada:")}, "ada", "", true},
		{"NUL in the login", []string{basicHeader("a\x00da:b")}, "", "", false},
		{"NUL in the password", []string{basicHeader("ada:b\x00")}, "", "", false},
		{"no login", []string{basicHeader(":secret")}, "", "", false},
		{"no colon", []string{basicHeader("ada")}, "", "", false},
		{"UTF-8", []string{basicHeader("zo\u00eb:p\u00e4ssw\u00f6rd")}, "zo\u00eb", "p\u00e4ssw\u00f6rd", true},
		{"Latin-1, from before RFC 7617", []string{basicHeader("zo\xeb:p\xe4ssw\xf6rd")}, "zo\u00eb", "p\u00e4ssw\u00f6rd", true},
		{"any case of the scheme", []string{"bAsIc " + basicHeader("a:b")[6:]}, "a", "b", true},
		{"more blanks", []string{"Basic   " + basicHeader("a:b")[6:] + " "}, "a", "b", true},
		{"broken base64", []string{"Basic !!!!"}, "", "", false},
		{"nothing after the scheme", []string{"Basic"}, "", "", false},
		{"an empty header", []string{""}, "", "", false},
		{"another scheme", []string{"Digest username=ada"}, "", "", false},
		{"a token", []string{"Bearer abc.def"}, "", "abc.def", true},
		{"two tokens", []string{"Bearer abc def"}, "", "", false},
		{"no token", []string{"Bearer "}, "", "", false},
		{"two headers", []string{basicHeader("a:b"), basicHeader("a:b")}, "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parse(c.headers)
			if ok != c.ok {
				t.Fatalf("ok is %v", ok)
			}
			if ok && (got.login != c.login || got.secret.Reveal() != c.secret) {
				t.Errorf("%q with %q", got.login, got.secret.Reveal())
			}
		})
	}
}

// FuzzParse: no input panics, and for valid UTF-8 the result for Basic equals net/http's.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		basicHeader("ada:correct horse"), basicHeader("\xff:\xfe"), basicHeader(":"), "Basic", "Bearer a.b.c",
		"bearer  x", "Basic \x00", "basic YTpi\n", "Basic YTpi==", "\tBasic YTpi",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, ok := parse([]string{header})
		if !ok || got.scheme != basic {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		login, password, known := r.BasicAuth()
		if known && isUTF8(login+password) && (login != got.login || password != got.secret.Reveal()) {
			t.Errorf("%q: %q with %q, net/http reads %q with %q", header, got.login, got.secret.Reveal(), login, password)
		}
	})
}

func isUTF8(text string) bool { return string([]rune(text)) == text }

func TestChallenge(t *testing.T) {
	h := http.Header{}
	Challenge(h)
	if got := h.Get("WWW-Authenticate"); got != `Basic realm="Applicationserver"` {
		t.Errorf("the challenge is %q", got)
	}
	for header, want := range map[string]string{
		"Bearer cst_x": `Bearer realm="Applicationserver", error="invalid_token"`,
		"bearer cst_x": `Bearer realm="Applicationserver", error="invalid_token"`,
		"Basic x":      `Basic realm="Applicationserver"`,
		"":             `Basic realm="Applicationserver"`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		r.Header.Set("Authorization", header)
		h := http.Header{}
		ChallengeBearer(r, h)
		Challenge(h)
		if got := h.Get("WWW-Authenticate"); got != want || len(h.Values("WWW-Authenticate")) != 1 {
			t.Errorf("%q is challenged with %q", header, got)
		}
	}
}
