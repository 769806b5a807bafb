package main

import (
	"os"
	"runtime/debug"
)

// The settings of the garbage collector (ADR 16). The memory that one caller can make the server use (internal/budget) fits
// below memoryLimit. GOGC and GOMEMLIMIT replace them.
const (
	gcPercent   = 200
	memoryLimit = 160 << 20 // bytes
)

func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
