package schemadoc_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"cloudapi/graph"
	"cloudapi/internal/dev/schemadoc"
)

//go:generate go test . -run ^TestSchemaIsDocumented$ -update

var update = flag.Bool("update", false, "write docs/schema.md anew")

// TestSchemaIsDocumented: docs/schema.md is up to date, and its links work.
func TestSchemaIsDocumented(t *testing.T) {
	const file = "../../../docs/schema.md"
	want := schemadoc.Document(graph.NewSchema(&graph.Resolver{}).Schema())
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != want {
		t.Errorf("%s is stale: make generate writes it anew", file)
	}
	headings := map[string]int{}
	for line := range strings.Lines(want) {
		if title, ok := strings.CutPrefix(line, "### "); ok {
			headings[strings.ToLower(strings.TrimSpace(title))]++
		}
	}
	for i, part := range strings.Split(want, "](#") {
		if name, _, _ := strings.Cut(part, ")"); i > 0 && headings[name] != 1 {
			t.Errorf("a link leads to #%s, which has %d headings", name, headings[name])
		}
	}
}
