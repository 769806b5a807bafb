package release_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cloudapi"
	"cloudapi/internal/dev/release"
)

const (
	root      = "../../../"
	schema    = root + "schema.graphqls"
	inspector = "testdata/inspector/breaking.mjs"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestVersionFitsTheChangelog checks this repository.
func TestVersionFitsTheChangelog(t *testing.T) {
	if err := release.CheckVersion(cloudapi.Version(), read(t, root+"CHANGELOG.md")); err != nil {
		t.Error(err)
	}
}

// TestManifestsNameTheLastRelease: or the first one, while it is being developed.
func TestManifestsNameTheLastRelease(t *testing.T) {
	want := strings.TrimSuffix(cloudapi.Version(), "-dev")
	if sections := release.Sections(read(t, root+"CHANGELOG.md")); len(sections) > 1 {
		want = sections[1].Version
	}
	if !strings.Contains(read(t, root+"kubernetes.yaml"), "image: cloudapi:"+want+"\n") {
		t.Errorf("kubernetes.yaml does not have the image of %s", want)
	}
}

// TestSchemaKeepsItsPromises: the schema breaks nothing of the last release, unless the changelog names it. docs/releases
// has the schema of each release.
func TestSchemaKeepsItsPromises(t *testing.T) {
	sections := release.Sections(read(t, root+"CHANGELOG.md"))
	for _, s := range sections[1:] {
		if _, err := os.Stat(root + "docs/releases/" + s.Version + ".graphql"); err != nil {
			t.Errorf("the schema of a release is missing: %v", err)
		}
	}
	if len(sections) < 2 {
		return // nothing is released
	}
	changes, err := release.Breaking(t.Context(), inspector, root+"docs/releases/"+sections[1].Version+".graphql", schema)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range release.Unnamed(changes, sections[0]) {
		t.Errorf("a breaking change since %s: %s. CHANGELOG.md must name `%s` under [Unreleased], with what clients must do", sections[1].Version, c.Message, c.Path)
	}
}

// TestBreakingChangesAreFound: removals and new requirements break clients, additions do not.
func TestBreakingChangesAreFound(t *testing.T) {
	text := read(t, schema)
	changed := filepath.Join(t.TempDir(), "changed.graphql")
	for _, edit := range [][2]string{
		{"  \"The city.\"\n  city: String!\n  \"The country.\"\n  country: String!\n  \"The status.\"\n", "  \"The country.\"\n  country: String!\n  \"The status.\"\n"},
		{"input DeleteCustomerInput {", "input DeleteCustomerInput {\n  reason: String!"},
		{"type Customer implements Node {", "type Customer implements Node {\n  nickname: String"},
	} {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("the schema has no %q", edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	changes, err := release.Breaking(t.Context(), inspector, schema, changed)
	if err != nil || len(changes) != 2 {
		t.Fatalf("%v, %v", changes, err)
	}
	named := release.Section{Text: "- `Customer.city` is gone: it is in `Customer.address`."}
	unnamed := release.Unnamed(changes, named)
	if len(unnamed) != 1 || unnamed[0].Path != "DeleteCustomerInput.reason" {
		t.Errorf("not named: %v", unnamed)
	}
}

// TestCheckVersion tests the requirements for a release.
func TestCheckVersion(t *testing.T) {
	const (
		none     = "# Changelog\n\n## [Unreleased]\n"
		first    = "\n## [1.0.0] - 2026-11-26\n\n### What an operator must do\n\nNothing.\n"
		undated  = "\n## [1.0.0]\n\n### What an operator must do\n\nNothing.\n"
		actless  = "\n## [1.0.0] - 2026-11-26\n\n### Added\n\n- All.\n"
		somewhat = none + "\n### Added\n\n- Something.\n"
	)
	for _, c := range []struct {
		version, changelog string
		right              bool
	}{
		{"1.0.0-dev", none, true},
		{"1.0.0-dev", somewhat, true},
		{"1.0.0", none, false},
		{"1.0.0", none + first, true},
		{"1.0.0", somewhat + first, false},
		{"1.0.0-dev", none + first, false},
		{"1.1.0-dev", somewhat + first, true},
		{"1.1.0", somewhat + first, false},
		{"1.0.0", none + undated, false},
		{"1.0.0", none + actless, false},
		{"v1.0.0", none + first, false},
		{"1.0.0-dev", "# Changelog\n", false},
	} {
		if err := release.CheckVersion(c.version, c.changelog); (err == nil) != c.right {
			t.Errorf("%s with %q: %v", c.version, c.changelog, err)
		}
	}
}
