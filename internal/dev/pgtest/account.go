package pgtest

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is the unprivileged user that PostgreSQL runs as. The server refuses to run as root.
type account struct {
	credential *syscall.Credential // nil for the user of this process
	uid, gid   int
}

// unprivileged returns this process's user, or, for root, the user postgres or nobody.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return account{}, fmt.Errorf("user %s: %w", name, err)
		}
		return account{
			credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), NoSetGroups: false},
			uid:        int(uid), gid: int(gid),
		}, nil
	}
	return account{}, fmt.Errorf("neither the user postgres nor nobody exists to run PostgreSQL as")
}
