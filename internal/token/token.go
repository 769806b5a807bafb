// Package token makes the bearer tokens that sign users in. A token is 256 random bits in base64url after a prefix for its
// kind. Only its SHA-256 is stored, which needs no salt at that length.
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"cloudapi/internal/secret"
)

// Kind is the prefix of a token.
type Kind string

// The kinds.
const (
	Session  Kind = "cst_" // created by signIn
	Personal Kind = "cat_" // created by createAccessToken
)

const size = 32

// New returns a token and the hash to store.
func New(kind Kind) (plain secret.Text, hash []byte) {
	random := make([]byte, size)
	_, _ = rand.Read(random)
	text := string(kind) + base64.RawURLEncoding.EncodeToString(random)
	return secret.New(text), Hash(text)
}

// Is reports whether text has the form of such a token.
func Is(text string) bool {
	body, ok := strings.CutPrefix(text, string(Session))
	if !ok {
		body, ok = strings.CutPrefix(text, string(Personal))
	}
	return ok && len(body) == base64.RawURLEncoding.EncodedLen(size)
}

// Hash returns the stored hash of a token.
func Hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
