// Package cloudapi has the version of the program.
package cloudapi

import (
	_ "embed"
	"strings"
)

//go:embed VERSION
var versionFile string

// Version is the content of the file VERSION: a release, as 1.2.0, or a development version, as 1.2.0-dev.
func Version() string { return strings.TrimSpace(versionFile) }
