package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// phc is a parsed hash in the PHC string format: $argon2id$v=19$m=…,t=…,p=…$salt$key (github.com/P-H-C/phc-string-format).
type phc struct {
	cost Cost
	salt []byte
	key  []byte
}

// The maximum cost of a stored hash: a manipulated row must not exhaust the server's memory.
const (
	maxMemory = 1 << 20 // KiB
	maxPasses = 64
)

var errUnknownForm = errors.New("a stored password hash has an unknown form")

// String writes the hash.
func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.cost.Memory, p.cost.Passes, p.cost.Threads, b64.EncodeToString(p.salt), b64.EncodeToString(p.key))
}

// parse parses a hash. Its errors do not quote the hash.
func parse(hash string) (p phc, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errUnknownForm
	}
	if p.cost, err = parseCost(parts[3]); err != nil {
		return p, err
	}
	b64 := base64.RawStdEncoding.Strict()
	if p.salt, err = b64.DecodeString(parts[4]); err != nil {
		return p, errUnknownForm
	}
	if p.key, err = b64.DecodeString(parts[5]); err != nil || len(p.salt) < 8 || len(p.key) < saltSize {
		return p, errUnknownForm
	}
	return p, nil
}

func parseCost(text string) (c Cost, err error) {
	fields := strings.Split(text, ",")
	if len(fields) != 3 {
		return c, errUnknownForm
	}
	var n [3]uint64
	for i, name := range []string{"m=", "t=", "p="} {
		value, ok := strings.CutPrefix(fields[i], name)
		if n[i], err = strconv.ParseUint(value, 10, 32); !ok || err != nil {
			return c, errUnknownForm
		}
	}
	memory, passes, threads := n[0], n[1], n[2]
	if threads < 1 || threads > 255 || passes < 1 || passes > maxPasses || memory < 8*threads || memory > maxMemory {
		return c, errUnknownForm
	}
	return Cost{Memory: uint32(memory), Passes: uint32(passes), Threads: uint8(threads)}, nil
}
