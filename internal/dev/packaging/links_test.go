package packaging_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N}\p{M}\- _]`)
)

// documents returns the texts of all Markdown documents, by path.
func documents(t *testing.T, root string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(file string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		if entry.IsDir() && (name == "node_modules" || name == "testdata" || name == "dist" || strings.HasPrefix(name, ".") && name != ".") {
			return fs.SkipDir
		}
		if err != nil || path.Ext(file) != ".md" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, file))
		texts[file] = fence.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// anchors returns the anchors of a document's headings.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		names[strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-")] = true
	}
	return names
}

// TestLinksLeadSomewhere: each link within the repository leads to an existing file and heading; README.md leads to every
// document.
func TestLinksLeadSomewhere(t *testing.T) {
	const root = "../../.."
	texts := documents(t, root)
	fromReadme := map[string]bool{}
	for file, text := range texts {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			to := file
			if target != "" {
				to = path.Join(path.Dir(file), target)
			}
			if file == "README.md" {
				fromReadme[to] = true
			}
			if _, err := os.Stat(filepath.Join(root, to)); err != nil {
				t.Errorf("%s: a link leads to %s, which is not there", file, found[1])
			} else if other, ok := texts[to]; ok && anchor != "" && !anchors(other)[anchor] {
				t.Errorf("%s: a link leads to %s, which has no such heading", file, found[1])
			}
		}
	}
	for file := range texts {
		if path.Dir(file) == "docs" && !fromReadme[file] {
			t.Errorf("README.md has no link to %s", file)
		}
	}
}
