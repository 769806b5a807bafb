// Package secret has one type for text that must not be seen: whatever prints,
// logs or serializes it gets a placeholder.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted stands wherever a secret would.
const Redacted = "[redacted]"

// Text is a secret. Reveal is the only way to its value.
type Text struct{ value string }

// New hides value.
func New(value string) Text { return Text{value} }

// Reveal returns the value, for the one place that needs it.
func (t Text) Reveal() string { return t.value }

// String returns the placeholder.
func (t Text) String() string { return Redacted }

// Format prints the placeholder for every verb, %#v and %x too.
func (t Text) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, Redacted) }

// LogValue logs the placeholder.
func (t Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText serializes the placeholder, in JSON, XML and YAML alike.
func (t Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
