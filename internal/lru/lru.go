// Package lru is an LRU cache with string keys, bounded by entries and by bytes.
package lru

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Cache keeps a value for each text, the ones used last, as many as there is
// maxBytes for. It is safe for concurrent use.
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

// New returns an empty Cache with maxBytes for count values, at least 1, that take
// so many bytes together.
func New[V any](count, bytes int) *Cache[V] {
	t := &Cache[V]{maxBytes: bytes}
	// The count is positive, which is all that can be refused.
	t.lru, _ = simplelru.NewLRU(max(1, count), func(_ string, gone entry[V]) { t.taken -= gone.bytes })
	return t
}

// Get returns what is kept for a text.
func (t *Cache[V]) Get(text string) (V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok := t.lru.Get(text)
	return e.value, ok
}

// Put keeps a value that takes so many bytes, at the cost of those that were
// not used for long. One that takes a sixteenth of the maxBytes is not kept: a few
// of them would leave nothing for the rest.
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

// Len is how many values are kept.
func (t *Cache[V]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.lru.Len()
}
