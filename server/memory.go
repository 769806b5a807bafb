package main

import (
	"os"
	"runtime/debug"
)

// The collector's settings for a server whose answers are most of its garbage:
// it runs less often, until the memory in use comes near the limit. GOGC and
// GOMEMLIMIT say otherwise, as for any Go program.
const (
	collectAt   = 400
	memoryLimit = 512 << 20
)

func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
