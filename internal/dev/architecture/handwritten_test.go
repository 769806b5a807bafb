package architecture_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHandWrittenFilesInEntAreNamedSo: in ent, files named hand_*.go and doc.go are written by hand, and no others are.
func TestHandWrittenFilesInEntAreNamedSo(t *testing.T) {
	files, err := filepath.Glob(root + "/ent/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		byHand := strings.HasPrefix(name, "hand_") || name == "doc.go"
		if byHand == bytes.HasPrefix(text, []byte("// Code generated")) {
			t.Errorf("ent/%s: a file that is written by hand is named hand_*.go, a generated one is not", name)
		}
	}
}
