package main

import (
	"cmp"
	"runtime/debug"
	"strings"

	program "cloudapi"
)

// revision is the commit that was built; the linker sets it.
var revision string

// version returns the version: the content of VERSION and, between releases, the commit.
func version() string {
	v := program.Version()
	if built := cmp.Or(revision, commit()); built != "" && strings.HasSuffix(v, "-dev") {
		return v + "+" + built
	}
	return v
}

// commit returns the commit that the Go command recorded, "" for none.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	recorded := map[string]string{}
	for _, s := range info.Settings {
		recorded[s.Key] = s.Value
	}
	hash := recorded["vcs.revision"]
	hash = hash[:min(len(hash), 12)]
	if hash != "" && recorded["vcs.modified"] == "true" {
		return hash + ".modified"
	}
	return hash
}
