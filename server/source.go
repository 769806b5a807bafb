package main

import (
	"io"
	"os"

	"cloudapi/internal/fault"
	"cloudapi/internal/transfer"
)

// source is an open source.
type source struct {
	transfer.Source
	io.Closer
}

// open opens what the command is to import from, and names it without its
// password.
func (c *importCommand) open(e *env) (source, string, error) {
	if c.Source == "-" {
		return source{transfer.Lines{Name: "-", In: e.in}, io.NopCloser(e.in)}, "-", nil
	}
	file, err := os.Open(c.Source)
	if err != nil {
		return source{}, "", fault.New(fault.Invalid, "The source cannot be read: %v", err)
	}
	return source{transfer.Lines{Name: c.Source, In: file}, file}, c.Source, nil
}
