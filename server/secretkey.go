package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"cloudapi/internal/fault"
)

// minKeySize is the minimum size of a secret key, and minDistinctBytes the minimum number of different bytes in it: 32 random
// bytes have fewer with a probability of 10^-15.
const (
	minKeySize       = 32
	minDistinctBytes = 18
)

// checkSecretKey rejects a key that is not random. An empty key is valid: then the key is in the database.
func checkSecretKey(text string) error {
	if text == "" {
		return nil
	}
	different := map[byte]bool{}
	decoded := decodeKey(text)
	for _, b := range decoded {
		different[b] = true
	}
	if len(decoded) >= minKeySize && len(different) >= minDistinctBytes {
		return nil
	}
	return fault.New(fault.Invalid, "--secret-key must be %d random bytes at least, as base64 or hexadecimal. This makes one: openssl rand -base64 %d",
		minKeySize, minKeySize)
}

// decodeKey decodes a hexadecimal or base64 key; nil for other text.
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

// newPassword returns a random password of 128 bits.
func newPassword() string { return rand.Text() }
