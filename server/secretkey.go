package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"cloudapi/internal/fault"
)

// leastKey is the size of a secret key, and leastDifferent how many different
// bytes it has at least: 32 random ones have fewer once in 10^15 times.
const (
	leastKey       = 32
	leastDifferent = 18
)

// checkSecretKey refuses a key that was not drawn at random. None at all is
// fine: the database keeps one then.
func checkSecretKey(text string) error {
	if text == "" {
		return nil
	}
	different := map[byte]bool{}
	decoded := decodeKey(text)
	for _, b := range decoded {
		different[b] = true
	}
	if len(decoded) >= leastKey && len(different) >= leastDifferent {
		return nil
	}
	return fault.New(fault.Invalid, "--secret-key must be %d random bytes at least, as base64 or hexadecimal. This makes one: openssl rand -base64 %d",
		leastKey, leastKey)
}

// decodeKey returns the bytes of a key, nil where it is neither hexadecimal nor
// base64.
func decodeKey(text string) []byte {
	if decoded, err := hex.DecodeString(text); err == nil {
		return decoded
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil
	}
	return decoded
}

// newPassword is 128 random bits as text.
func newPassword() string { return rand.Text() }
