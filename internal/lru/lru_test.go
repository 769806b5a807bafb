package lru_test

import (
	"fmt"
	"sync"
	"testing"

	"cloudapi/internal/lru"
)

func TestRoomIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ count, room, bytes, want int }{
		"by count":           {count: 3, room: 1600, bytes: 10, want: 3},
		"by bytes":           {count: 100, room: 160, bytes: 10, want: 16},
		"nothing that large": {count: 100, room: 160, bytes: 11, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			texts := lru.New[int](c.count, c.room)
			for i := range 50 {
				texts.Put(fmt.Sprint(i), i, c.bytes)
				texts.Put(fmt.Sprint(i), -1, c.bytes)
			}
			if texts.Len() != c.want {
				t.Fatalf("%d are kept, want %d", texts.Len(), c.want)
			}
			for i := 50 - c.want; i < 50; i++ {
				if v, ok := texts.Get(fmt.Sprint(i)); !ok || v != i {
					t.Errorf("%d: %d, %v", i, v, ok)
				}
			}
		})
	}
}

func TestUsedStays(t *testing.T) {
	texts := lru.New[string](2, 1600)
	texts.Put("a", "A", 1)
	texts.Put("b", "B", 1)
	texts.Get("a")
	texts.Put("c", "C", 1)
	if _, ok := texts.Get("b"); ok {
		t.Error("what was used longest ago is there")
	}
	if v, ok := texts.Get("a"); !ok || v != "A" {
		t.Error("what was used is gone")
	}
}

func TestManyAtOnce(t *testing.T) {
	texts := lru.New[int](10, 1600)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 500 {
				texts.Put(fmt.Sprint(n%20), n%20, i+1)
				if v, ok := texts.Get(fmt.Sprint(n % 20)); ok && v != n%20 {
					t.Errorf("%d for %d", v, n%20)
				}
			}
		})
	}
	all.Wait()
}
