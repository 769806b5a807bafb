// Package packaging holds what makes the binary an installed service: a
// systemd unit, its configuration, the scripts of the Debian package and the
// image of a release. .goreleaser.yaml puts them together.
package packaging
