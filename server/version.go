package main

import "runtime/debug"

// release is the version of a released program; the linker sets it.
var release string

// version names the program: the release, or what the Go command knew of the
// source.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}
