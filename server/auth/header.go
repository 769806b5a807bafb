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

// credentials are the content of an Authorization header: a login with a password, or a token.
type credentials struct {
	scheme scheme
	login  string
	secret secret.Text
}

// parse parses the Authorization headers of a request (RFC 7617, RFC 6750). Several headers, an unknown scheme and malformed
// credentials are wrong credentials (401), not bad requests (400).
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

// parseBasic decodes base64 of login:password; the password may contain colons.
func parseBasic(encoded string) (c credentials, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return c, false
	}
	text := string(decoded)
	if !utf8.Valid(decoded) {
		// Clients older than RFC 7617 send Latin-1, in which every byte is a valid character.
		if text, err = charmap.ISO8859_1.NewDecoder().String(text); err != nil {
			return c, false
		}
	}
	login, password, ok := strings.Cut(text, ":")
	// No login or password has a NUL: PostgreSQL rejects it.
	ok = ok && login != "" && !strings.ContainsRune(text, 0)
	return credentials{basic, login, secret.New(password)}, ok
}

// Challenge sets the WWW-Authenticate header (CONTRACT.md, 1) unless it is set already.
func Challenge(h http.Header) {
	if h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Basic realm="Applicationserver"`)
	}
}

// ChallengeBearer replaces the challenge in the answer to a request with a token (RFC 6750, 3), so that a browser does not
// show its password dialogue over a page that manages tokens. It does nothing for other requests.
func ChallengeBearer(r *http.Request, h http.Header) {
	if HasBearer(r) {
		h.Set("WWW-Authenticate", `Bearer realm="Applicationserver", error="invalid_token"`)
	}
}

// HasBearer reports whether a request has a token.
func HasBearer(r *http.Request) bool {
	name, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return scheme(strings.ToLower(name)) == bearer
}
