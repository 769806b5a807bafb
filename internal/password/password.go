// Package password hashes and verifies passwords with Argon2id, in the PHC string format, with bounded parallelism.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"cloudapi/internal/secret"
)

// Cost is the cost of one hash.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// Recommended returns the minimum for Argon2id in OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 thread. It takes
// about 25 ms of one core.
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

// NewHasher returns a hasher that computes at most parallel hashes at once, which bounds the memory and cores of sign-ins.
func NewHasher(cost Cost, parallel int) *Hasher {
	h := &Hasher{cost: cost, queue: newQueue(parallel)}
	h.dummy = phc{cost, make([]byte, saltSize), make([]byte, keySize)}.String()
	return h
}

// Hash returns the hash of a password. It fails with RATE_LIMITED if the queue is full.
func (h *Hasher) Hash(ctx context.Context, password secret.Text) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // crypto/rand never fails
	made := phc{cost: h.cost, salt: salt}
	var err error
	if made.key, err = h.key(ctx, password, made); err != nil {
		return "", err
	}
	return made.String(), nil
}

// Verify reports whether hash is a hash of password. An empty hash stands for a user that does not exist: Verify returns
// false after the same work.
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

// Outdated reports whether a hash was made at another cost than this hasher's, and should be renewed.
func (h *Hasher) Outdated(hash string) bool {
	kept, err := parse(hash)
	return err != nil || kept.cost != h.cost || len(kept.salt) != saltSize || len(kept.key) != keySize
}

// Stats returns the current figures.
func (h *Hasher) Stats() Stats { return h.queue.stats() }

func (h *Hasher) key(ctx context.Context, password secret.Text, like phc) ([]byte, error) {
	leave, err := h.queue.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	// Keyboards may encode the same characters in composed or decomposed form.
	typed := norm.NFC.Bytes([]byte(password.Reveal()))
	size := uint32(keySize)
	if len(like.key) > 0 {
		size = uint32(len(like.key))
	}
	return argon2.IDKey(typed, like.salt, like.cost.Passes, like.cost.Memory, like.cost.Threads, size), nil
}
