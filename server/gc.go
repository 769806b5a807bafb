package main

import (
	"os"
	"runtime/debug"
)

// memoryLimit is the limit of the garbage collector in bytes (ADR 16); GOMEMLIMIT replaces it. The memory that one caller can
// make the server use (internal/budget) fits below it.
const memoryLimit = 160 << 20

func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
