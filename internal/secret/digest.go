package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// Digest hashes secrets under a key, for example for use as a cache key. It includes the lengths, so that different lists of
// texts cannot give the same input.
func Digest(key []byte, parts ...string) (sum [sha256.Size]byte) {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = mac.Write(length[:])
		_, _ = mac.Write([]byte(part))
	}
	mac.Sum(sum[:0])
	return sum
}
