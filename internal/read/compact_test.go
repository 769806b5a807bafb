package read

import (
	"bytes"
	"encoding/json"
	"testing"
)

func FuzzCompact(f *testing.F) {
	for _, text := range []string{
		`{"a" : 1, "b" : [1, 2], "c" : "x \" y : \\"}`, `{"\\" : "\\\\", "d" : " "}`, "[{\"a\" : 1}, \n {\"a\" : 2}]", `""`, `null`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want bytes.Buffer
		if json.Compact(&want, []byte(text)) != nil || bytes.ContainsAny([]byte(text), "\t\r") {
			return // PostgreSQL writes valid JSON, with spaces and line breaks only.
		}
		if got := compact(nil, []byte(text)); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("compact(%q) = %q, want %q", text, got, want.Bytes())
		}
	})
}
