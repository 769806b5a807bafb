// Package password hashes and verifies passwords with Argon2id, in the PHC
// string format, a few at a time.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"cloudapi/internal/secret"
)

// Cost is what one hash costs.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// Recommended is what OWASP's Password Storage Cheat Sheet asks of Argon2id:
// 19 MiB, 2 passes, 1 thread. It takes about 25 ms of one core.
func Recommended() Cost { return Cost{Memory: 19 * 1024, Passes: 2, Threads: 1} }

const (
	saltSize = 16
	keySize  = 32
)

// Hasher hashes passwords. It is safe for concurrent use.
type Hasher struct {
	cost  Cost
	queue *queue
	dummy string
}

// NewHasher returns a hasher that works on most hashes at once. So much memory
// and so many cores do sign-ins take at most, however many come.
func NewHasher(cost Cost, most int) *Hasher {
	h := &Hasher{cost: cost, queue: newQueue(most)}
	h.dummy = phc{cost, make([]byte, saltSize), make([]byte, keySize)}.String()
	return h
}

// Hash returns the hash of a password. When too many wait already it is a
// fault with code RATE_LIMITED.
func (h *Hasher) Hash(ctx context.Context, password secret.Text) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: crypto/rand
	made := phc{cost: h.cost, salt: salt}
	var err error
	if made.key, err = h.key(ctx, password, made); err != nil {
		return "", err
	}
	return made.String(), nil
}

// Verify reports whether password is the one that hash was made of. An empty
// hash stands for a user that does not exist: the answer is no, after as much
// work as any.
func (h *Hasher) Verify(ctx context.Context, hash string, password secret.Text) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	kept, err := parse(hash)
	if err != nil {
		return false, err
	}
	got, err := h.key(ctx, password, kept)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, kept.key) == 1 && known, nil
}

// Outdated reports whether a hash was made at another cost than this hasher's.
// Whoever knows the password should then hash it anew.
func (h *Hasher) Outdated(hash string) bool {
	kept, err := parse(hash)
	return err != nil || kept.cost != h.cost || len(kept.salt) != saltSize || len(kept.key) != keySize
}

// Stats are the figures of this moment.
func (h *Hasher) Stats() Stats { return h.queue.stats() }

func (h *Hasher) key(ctx context.Context, password secret.Text, like phc) ([]byte, error) {
	leave, err := h.queue.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	// The same password typed on another keyboard may be composed otherwise.
	typed := norm.NFC.Bytes([]byte(password.Reveal()))
	size := uint32(keySize)
	if len(like.key) > 0 {
		size = uint32(len(like.key))
	}
	return argon2.IDKey(typed, like.salt, like.cost.Passes, like.cost.Memory, like.cost.Threads, size), nil
}
