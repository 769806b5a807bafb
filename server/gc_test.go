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

func TestLimitMakesWay(t *testing.T) {
	for _, live := range []uint64{0, 10 << 20, 150 << 20, 500 << 20} {
		limit := limitFor(live)
		if limit < memoryLimit || uint64(limit) < live*3/2 {
			t.Errorf("%d live: a limit of %d", live, limit)
		}
	}
}

func TestSettingIsLeftWhereItHardlyDiffers(t *testing.T) {
	var set []int64
	adjust := setting(func(live uint64) int64 { return int64(live) }, func(n int64) { set = append(set, n) })
	for _, live := range []uint64{100, 105, 95, 150, 151, 90} {
		adjust(live)
	}
	if len(set) != 3 || set[0] != 100 || set[1] != 150 || set[2] != 90 {
		t.Errorf("set to %v", set)
	}
}
