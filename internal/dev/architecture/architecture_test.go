package architecture_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"cloudapi/internal/dev/architecture"
)

var update = flag.Bool("update", false, "write the map into docs/architecture.md")

const (
	root  = "../../.."
	page  = root + "/docs/architecture.md"
	begin = "<!-- packages: drawn by go test ./internal/dev/architecture -update -->\n"
	end   = "<!-- end of packages -->\n"
)

func TestNoImportPointsUpwards(t *testing.T) {
	all, err := architecture.Load(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, violation := range architecture.Violations(architecture.Layers(), all) {
		t.Error(violation)
	}
}

func TestUpwardImportIsFound(t *testing.T) {
	layers := []architecture.Layer{{Name: "top", Packages: []string{"a/..."}}, {Name: "bottom", Packages: []string{"b"}}}
	all := []architecture.Package{{Path: "b", Imports: []string{"a/x"}}, {Path: "a/x", Imports: []string{"b", "ent/schema/mixin"}}, {Path: "c"}}
	if found := architecture.Violations(append(layers, architecture.Layer{Packages: []string{"ent/..."}}), all); len(found) != 3 {
		t.Errorf("found %q, want the import of a/x by b, the import of ent/schema/mixin by a/x, and the package c", found)
	}
}

func TestMapIsFresh(t *testing.T) {
	all, err := architecture.Load(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Doc == "" && p.Path != "internal/model" {
			t.Errorf("%s has no package comment", p.Path)
		}
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatalf("%s lacks the lines that mark the map", page)
	}
	fresh := before + begin + architecture.Draw(architecture.Layers(), all) + end + after
	if fresh == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is stale: run go test ./internal/dev/architecture -update", page)
	}
	if err := os.WriteFile(page, []byte(fresh), 0o644); err != nil {
		t.Fatal(err)
	}
}
