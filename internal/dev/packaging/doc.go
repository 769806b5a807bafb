// Package packaging has the files that install the binary as a service: a systemd unit, its configuration, the scripts of
// the Debian package and the image of a release. .goreleaser.yaml uses them.
package packaging
