package auth

import (
	"crypto/sha256"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

type digest [sha256.Size]byte

// ttlCache caches a bounded number of values, each for a limited time.
type ttlCache[V any] struct {
	ttl time.Duration
	now func() time.Time
	lru *lru.Cache[digest, entry[V]]
}

type entry[V any] struct {
	value V
	until time.Time
}

func newTTLCache[V any](ttl time.Duration, now func() time.Time) *ttlCache[V] {
	// New fails only for a size that is not positive.
	lru, _ := lru.New[digest, entry[V]](cacheSize)
	return &ttlCache[V]{ttl: ttl, now: now, lru: lru}
}

func (m *ttlCache[V]) get(key digest) (value V, ok bool) {
	found, ok := m.lru.Get(key)
	if !ok || !m.now().Before(found.until) {
		return value, false
	}
	return found.value, true
}

func (m *ttlCache[V]) put(key digest, value V) {
	m.lru.Add(key, entry[V]{value, m.now().Add(m.ttl)})
}

func (m *ttlCache[V]) remove(key digest) { m.lru.Remove(key) }

// drop removes the values that match.
func (m *ttlCache[V]) drop(match func(V) bool) {
	for _, key := range m.lru.Keys() {
		if found, ok := m.lru.Peek(key); ok && match(found.value) {
			m.lru.Remove(key)
		}
	}
}
