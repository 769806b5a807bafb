package session

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent/accesstoken"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/internal/store"
	"cloudapi/internal/viewer"
)

// User is the part of an account that a stream compares.
type User struct {
	Role         viewer.Role
	PasswordHash string
}

// CredentialState is the state of users and tokens at one moment.
type CredentialState struct {
	users  map[uuid.UUID]*User
	tokens map[uuid.UUID]time.Time // expiry, zero for never
}

// Lookup returns the account of a viewer and the expiry of its token (zero for never). It returns false if the viewer's
// credentials are no longer valid.
func (s *CredentialState) Lookup(v *viewer.Viewer) (*User, time.Time, bool) {
	user := s.users[v.ID]
	if user == nil {
		return nil, time.Time{}, false
	}
	if v.TokenID == uuid.Nil {
		return user, time.Time{}, true
	}
	expires, ok := s.tokens[v.TokenID]
	if ok && !expires.IsZero() && !time.Now().Before(expires) {
		ok = false
	}
	return user, expires, ok
}

// readBatch is how many users one statement reads.
const readBatch = 500

// ReadCredentialState reads which of the users may sign in, and which of the tokens exist.
func (s *Accounts) ReadCredentialState(ctx context.Context, users, tokens []uuid.UUID) (*CredentialState, error) {
	ctx = viewer.SystemContext(ctx)
	found := &CredentialState{users: map[uuid.UUID]*User{}, tokens: map[uuid.UUID]time.Time{}}
	for ids := range slices.Chunk(users, readBatch) {
		rows, err := s.Client.CloudUser.Query().Where(clouduser.IDIn(ids...)).All(ctx)
		if err != nil {
			return nil, store.Fault(err)
		}
		for _, u := range rows {
			if a := account(u); !a.Disabled {
				found.users[u.ID] = &User{Role: a.Role, PasswordHash: a.PasswordHash}
			}
		}
	}
	for ids := range slices.Chunk(tokens, readBatch) {
		rows, err := s.Client.AccessToken.Query().Where(accesstoken.IDIn(ids...)).All(ctx)
		if err != nil {
			return nil, store.Fault(err)
		}
		for _, t := range rows {
			found.tokens[t.ID] = time.Time{}
			if t.ExpiresAt != nil {
				found.tokens[t.ID] = *t.ExpiresAt
			}
		}
	}
	return found, nil
}

// Members returns the users of groups.
func (s *Accounts) Members(ctx context.Context, groups []uuid.UUID) (map[uuid.UUID]bool, error) {
	ids, err := s.Client.CloudUser.Query().
		Where(clouduser.HasGroupsWith(cloudusergroup.IDIn(groups...))).IDs(viewer.SystemContext(ctx))
	if err != nil {
		return nil, store.Fault(err)
	}
	members := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		members[id] = true
	}
	return members, nil
}
