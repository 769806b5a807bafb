package auth

import (
	"crypto/sha256"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

type digest [sha256.Size]byte

// ttlCache caches a bounded number of values, each for a limited time.
type ttlCache[V any] struct {
	life time.Duration
	now  func() time.Time
	held *lru.Cache[digest, entry[V]]
}

type entry[V any] struct {
	value V
	until time.Time
}

func newTTLCache[V any](life time.Duration, now func() time.Time) *ttlCache[V] {
	// New fails only for a size that is not positive.
	held, _ := lru.New[digest, entry[V]](cacheSize)
	return &ttlCache[V]{life: life, now: now, held: held}
}

func (m *ttlCache[V]) get(key digest) (value V, ok bool) {
	found, ok := m.held.Get(key)
	if !ok || !m.now().Before(found.until) {
		return value, false
	}
	return found.value, true
}

func (m *ttlCache[V]) put(key digest, value V) {
	m.held.Add(key, entry[V]{value, m.now().Add(m.life)})
}

func (m *ttlCache[V]) remove(key digest) { m.held.Remove(key) }

// drop removes the values that match.
func (m *ttlCache[V]) drop(match func(V) bool) {
	for _, key := range m.held.Keys() {
		if found, ok := m.held.Peek(key); ok && match(found.value) {
			m.held.Remove(key)
		}
	}
}
