// Package lru is an LRU cache with string keys, bounded by entries and by bytes.
package lru

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache has the most recently used values within a number of entries and of bytes. It is safe for concurrent use.
type Cache[V any] struct {
	mu       sync.Mutex
	lru      *simplelru.LRU[string, entry[V]]
	maxBytes int
	taken    int
}

type entry[V any] struct {
	value V
	bytes int
}

// New returns an empty Cache for at most count values (at least 1) of at most bytes together.
func New[V any](count, bytes int) *Cache[V] {
	t := &Cache[V]{maxBytes: bytes}
	// NewLRU fails only for a size that is not positive.
	t.lru, _ = simplelru.NewLRU(max(1, count), func(_ string, gone entry[V]) { t.taken -= gone.bytes })
	return t
}

// Get returns the value of a key.
func (t *Cache[V]) Get(text string) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.lru.Get(text)
	return e.value, ok
}

// Put stores a value of the given size and drops the least recently used ones. It does not store a value larger than a
// sixteenth of maxBytes: a few of those would drop all others.
func (t *Cache[V]) Put(text string, value V, bytes int) {
	if bytes > t.maxBytes/16 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lru.Contains(text) {
		return
	}
	t.lru.Add(text, entry[V]{value, bytes})
	for t.taken += bytes; t.taken > t.maxBytes; {
		t.lru.RemoveOldest()
	}
}

// Len returns the number of values.
func (t *Cache[V]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lru.Len()
}
