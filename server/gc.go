package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The collector's settings for a server whose answers are most of its garbage.
// What lives between requests is a few megabytes, and to collect whenever it has
// doubled would take a quarter of the CPU; to collect at so many times of it
// would take hundreds of megabytes while large pages are written. Therefore the
// heap may grow to heapSize, and beyond that to twice what lives. GOGC and
// GOMEMLIMIT say otherwise, as for any Go program.
const (
	heapSize    = 32 << 20
	memoryLimit = 512 << 20
)

func tuneMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		afterCollection(adjust())
	}
}

// adjust makes the next collection begin at heapSize, or at twice what lives,
// and returns how to do so again.
func adjust() func() {
	set := 0
	return func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		percent := percentFor(live[0].Value.Uint64())
		// Each setting stops the world: one that hardly differs is left.
		if difference := percent - set; set == 0 || difference > set/10 || -difference > set/10 {
			debug.SetGCPercent(percent)
			set = percent
		}
	}
}

// The bounds of GOGC: what Go itself would do, and what spares nothing more.
const (
	leastPercent = 100
	mostPercent  = 1600
)

// percentFor is the GOGC at which a heap of which so much lives grows to
// heapSize.
func percentFor(live uint64) int {
	if live == 0 || live*(mostPercent+100)/100 < heapSize {
		return mostPercent
	}
	return max(leastPercent, int(heapSize*100/live)-100)
}

// afterCollection calls f after each collection, by way of an object that
// nobody holds.
func afterCollection(f func()) {
	type sentinel struct{ _ [16]byte }
	var again func(*sentinel)
	again = func(s *sentinel) {
		f()
		runtime.SetFinalizer(s, again)
	}
	again(&sentinel{})
}
