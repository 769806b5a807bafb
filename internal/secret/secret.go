// Package secret has a type for confidential text: printing, logging or serializing it gives a placeholder.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is the placeholder.
const Redacted = "[redacted]"

// Text is a secret. Only Reveal returns its value.
type Text struct{ value string }

// New hides value.
func New(value string) Text { return Text{value} }

// Reveal returns the value, for the one place that uses it.
func (t Text) Reveal() string { return t.value }

// String returns the placeholder.
func (t Text) String() string { return Redacted }

// Format prints the placeholder for every verb, %#v and %x too.
func (t Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Redacted) }

// LogValue logs the placeholder.
func (t Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText serializes the placeholder, in JSON, XML and YAML alike.
func (t Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
