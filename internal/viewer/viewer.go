// Package viewer carries the caller of a request, the viewer, in the context.
package viewer

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Role is a viewer's role; the rules are in ent/rule.
type Role string

// The roles, widest first.
const (
	Administrator Role = "ADMINISTRATOR" // everything
	Operator      Role = "OPERATOR"      // reads and changes customers, groups and domains
	Member        Role = "MEMBER"        // reads the customers of its groups, and itself
)

// Rank orders the roles: a wider role has a higher rank. The empty role has rank 0.
func (r Role) Rank() int {
	switch r {
	case Administrator:
		return 3
	case Operator:
		return 2
	case Member:
		return 1
	}
	return 0
}

// Narrower returns the narrower of two roles.
func Narrower(a, b Role) Role {
	if b.Rank() < a.Rank() {
		return b
	}
	return a
}

// Viewer is the signed-in caller. The zero value has no rights.
type Viewer struct {
	// ID is the guid of the CloudUser; zero for the server itself.
	ID    uuid.UUID
	Login string
	Role  Role
	// TokenID is the guid of the access token that signed the caller in, zero for Basic and OIDC.
	TokenID uuid.UUID
	// ReadOnly marks a caller with a read-only access token.
	ReadOnly bool
	// Expires is when the credentials expire; zero for never or unknown.
	Expires time.Time
	// DeletedByJob is the guid of a job that deleted an object that the viewer could see, zero for none. It lets the
	// viewer see that job.
	DeletedByJob uuid.UUID
	// System marks work of the server itself.
	System bool
}

// May reports whether the viewer has one of the roles, or is the server itself.
func (v *Viewer) May(roles ...Role) bool {
	if v == nil {
		return false
	}
	if v.System {
		return true
	}
	for _, r := range roles {
		if v.Role == r {
			return true
		}
	}
	return false
}

type key struct{}

// NewContext returns a context with the viewer v.
func NewContext(ctx context.Context, v *Viewer) context.Context {
	return context.WithValue(ctx, key{}, v)
}

// FromContext returns the viewer of a context, nil for none.
func FromContext(ctx context.Context) *Viewer {
	v, _ := ctx.Value(key{}).(*Viewer)
	return v
}

// SystemContext returns a context for work of the server itself.
func SystemContext(ctx context.Context) context.Context {
	return NewContext(ctx, &Viewer{Login: "system", Role: Administrator, System: true})
}
