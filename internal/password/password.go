// Package password hashes and verifies passwords with Argon2id, in the PHC
// string format, a few at a time.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"cloudapi/internal/fault"
	"cloudapi/internal/secret"
)

// Cost is what one hash costs.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// Recommended is OWASP's first choice for Argon2id: 19 MiB, 2 passes.
func Recommended() Cost { return Cost{Memory: 19 * 1024, Passes: 2, Threads: 1} }

const (
	saltSize = 16
	keySize  = 32
	// patience is how long a hash waits for its turn before the caller is told
	// to come back.
	patience = 2 * time.Second
)

// Hasher hashes passwords. It is safe for concurrent use.
type Hasher struct {
	cost  Cost
	turns chan struct{}
	dummy string
}

// NewHasher returns a hasher that works on most hashes at once.
func NewHasher(cost Cost, most int) *Hasher {
	h := &Hasher{cost: cost, turns: make(chan struct{}, most)}
	h.dummy = h.encode(make([]byte, saltSize), make([]byte, keySize), cost)
	return h
}

// Hash returns the hash of a password. When too many wait already it is a
// fault with code RATE_LIMITED.
func (h *Hasher) Hash(ctx context.Context, password secret.Text) (string, error) {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt)
	key, err := h.key(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return h.encode(salt, key, h.cost), nil
}

// Verify reports whether password is the one that hash was made of. An empty
// hash stands for a user that does not exist: the answer is no, and takes as
// long as any.
func (h *Hasher) Verify(ctx context.Context, hash string, password secret.Text) (bool, error) {
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	salt, want, cost, err := decode(hash)
	if err != nil {
		return false, err
	}
	got, err := h.key(ctx, password, salt, cost)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func (h *Hasher) key(ctx context.Context, password secret.Text, salt []byte, c Cost) ([]byte, error) {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case h.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-wait.C:
		return nil, fault.New(fault.TooMany, "Too many are signing in at once; try again in a few seconds").
			After(patience)
	}
	defer func() { <-h.turns }()
	return argon2.IDKey([]byte(password.Reveal()), salt, c.Passes, c.Memory, c.Threads, keySize), nil
}

func (h *Hasher) encode(salt, key []byte, c Cost) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		c.Memory, c.Passes, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decode reads a PHC string.
func decode(hash string) (salt, key []byte, c Cost, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return nil, nil, c, fmt.Errorf("a stored password hash has an unknown form")
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads); err != nil {
		return nil, nil, c, fmt.Errorf("read the cost of a stored password hash: %w", err)
	}
	b64 := base64.RawStdEncoding
	if salt, err = b64.DecodeString(parts[4]); err != nil {
		return nil, nil, c, fmt.Errorf("read the salt of a stored password hash: %w", err)
	}
	if key, err = b64.DecodeString(parts[5]); err != nil {
		return nil, nil, c, fmt.Errorf("read a stored password hash: %w", err)
	}
	return salt, key, c, nil
}
