// Package cloudapi names the version of the program.
package cloudapi

import (
	_ "embed"
	"strings"
)

//go:embed VERSION
var versionFile string

// Version is what the file VERSION says: a release, as 1.2.0, or what is on its way
// to one, as 1.2.0-dev.
func Version() string { return strings.TrimSpace(versionFile) }
