package mutants_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cloudapi/internal/dev/mutants"
)

const root = "../../.."

// TestMutantsFit checks that each mutant applies to the current program, changes it, and names an existing test. `make
// test-mutants` checks that the test fails.
func TestMutantsFit(t *testing.T) {
	all, err := mutants.Load(os.DirFS("testdata"))
	if err != nil || len(all) == 0 {
		t.Fatalf("%d mutants: %v", len(all), err)
	}
	for _, m := range all {
		t.Run(m.Name, func(t *testing.T) {
			changed, err := m.Mutate(root)
			if err != nil {
				t.Fatal(err)
			}
			for file, text := range changed {
				own, err := os.ReadFile(filepath.Join(root, file))
				if err != nil || string(own) == text {
					t.Errorf("%s is as it was: %v", file, err)
				}
				if _, err := parser.ParseFile(token.NewFileSet(), file, text, 0); strings.HasSuffix(file, ".go") && err != nil {
					t.Errorf("it is no Go any more: %v", err)
				}
			}
			name, _, _ := strings.Cut(m.TestName, "/")
			if !declares(t, filepath.Join(root, m.Package), name) {
				t.Errorf("%s has no %s", m.Package, name)
			}
		})
	}
}

func declares(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	pattern := regexp.MustCompile(`(?m)^func ` + test + `\(t \*testing\.T\)`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if pattern.Match(text) {
			return true
		}
	}
	return false
}
