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
// heap may grow to heapSize, and beyond that to twice what lives, as long as all
// of the program's memory stays below memoryLimit: what one caller can make the
// program hold (internal/budget) fits below it. Where many callers hold more, the
// limit makes way: the program would do nothing but collect. GOGC and GOMEMLIMIT
// say otherwise, as for any Go program.
const (
	heapSize    = 32 << 20
	memoryLimit = 200 << 20
)

func tuneMemory() {
	var settings []func(live uint64)
	if os.Getenv("GOMEMLIMIT") == "" {
		settings = append(settings, setting(limitFor, func(n int64) { debug.SetMemoryLimit(n) }))
	}
	if os.Getenv("GOGC") == "" {
		settings = append(settings, setting(percentFor, func(n int64) { debug.SetGCPercent(int(n)) }))
	}
	afterCollection(func() {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		for _, adjust := range settings {
			adjust(live[0].Value.Uint64())
		}
	})
}

// setting sets what is wanted for a heap of which so much lives. Each setting
// stops the world: one that hardly differs from the last is left.
func setting(wanted func(live uint64) int64, set func(int64)) func(live uint64) {
	last := int64(0)
	return func(live uint64) {
		next := wanted(live)
		if difference := next - last; last == 0 || difference > last/10 || -difference > last/10 {
			set(next)
			last = next
		}
	}
}

// limitFor is the limit of memory for a heap of which so much lives.
func limitFor(live uint64) int64 { return max(memoryLimit, int64(live)*3/2) }

// The bounds of GOGC: what Go itself would do, and what spares nothing more.
const (
	leastPercent = 100
	mostPercent  = 1600
)

// percentFor is the GOGC at which a heap of which so much lives grows to
// heapSize.
func percentFor(live uint64) int64 {
	if live == 0 || live*(mostPercent+100)/100 < heapSize {
		return mostPercent
	}
	return max(leastPercent, int64(heapSize*100/live)-100)
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
