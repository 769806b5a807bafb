package auth

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"cloudapi/internal/secret"
)

type scheme string

const (
	basic  scheme = "basic"
	bearer scheme = "bearer"
)

// credentials are what an Authorization header holds: a login with a password,
// or a token.
type credentials struct {
	scheme scheme
	login  string
	secret secret.Text
}

// parse reads the Authorization headers of a request (RFC 7617, RFC 6750). More
// than one of them, an unknown scheme, and what does not follow its scheme are
// wrong credentials, not bad requests.
func parse(headers []string) (c credentials, ok bool) {
	if len(headers) != 1 {
		return c, false
	}
	name, rest, _ := strings.Cut(headers[0], " ")
	rest = strings.Trim(rest, " ")
	switch c.scheme = scheme(strings.ToLower(name)); c.scheme {
	case basic:
		return parseBasic(rest)
	case bearer:
		c.secret = secret.New(rest)
		return c, rest != "" && !strings.ContainsAny(rest, " \t")
	}
	return c, false
}

// parseBasic reads base64 of a login and a password with a colon between them;
// the password may have colons too.
func parseBasic(encoded string) (c credentials, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return c, false
	}
	text := string(decoded)
	if !utf8.Valid(decoded) {
		// Clients older than RFC 7617 send Latin-1, in which every byte is a
		// character.
		if text, err = charmap.ISO8859_1.NewDecoder().String(text); err != nil {
			return c, false
		}
	}
	login, password, ok := strings.Cut(text, ":")
	// No login and no password has a NUL, and PostgreSQL takes none.
	ok = ok && login != "" && !strings.ContainsRune(text, 0)
	return credentials{basic, login, secret.New(password)}, ok
}

// Challenge asks for credentials (CONTRACT.md, 1), unless a challenge stands
// there already.
func Challenge(h http.Header) {
	if h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Basic realm="Applicationserver"`)
	}
}

// ChallengeBearer asks a request that came with a token for a better one: a
// browser must not put its own dialogue for passwords over a page that manages
// tokens (RFC 6750, 3). It does nothing for other requests.
func ChallengeBearer(r *http.Request, h http.Header) {
	if HasBearer(r) {
		h.Set("WWW-Authenticate", `Bearer realm="Applicationserver", error="invalid_token"`)
	}
}

// HasBearer reports whether a request came with a token.
func HasBearer(r *http.Request) bool {
	name, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return scheme(strings.ToLower(name)) == bearer
}
