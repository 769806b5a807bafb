package main

import "testing"

func TestPercentFor(t *testing.T) {
	for _, live := range []uint64{0, 1 << 10, 1 << 20, 3 << 20, 10 << 20, 23 << 20, 24 << 20, 25 << 20, 500 << 20} {
		percent := percentFor(live)
		if percent < leastPercent || percent > mostPercent {
			t.Errorf("%d: %d is out of bounds", live, percent)
		}
		if goal := live + live*uint64(percent)/100; goal > max(heapSize, 2*live) {
			t.Errorf("%d live: the heap grows to %d", live, goal)
		}
	}
}
