package mutants_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

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

// TestMutantsCompile checks the types of each mutant's packages. A mutant that does not compile would be noticed by every test.
func TestMutantsCompile(t *testing.T) {
	all, err := mutants.Load(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	changes, paths := make([]map[string]string, len(all)), map[string]bool{}
	for i, m := range all {
		if changes[i], err = m.Mutate(root); err != nil {
			t.Fatal(err)
		}
		for file := range changes[i] {
			if strings.HasSuffix(file, ".go") {
				paths["./"+filepath.Dir(file)] = true
			}
		}
	}
	loaded, err := packages.Load(&packages.Config{
		Context: t.Context(), Dir: root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
	}, slices.Collect(maps.Keys(paths))...)
	if err != nil {
		t.Fatal(err)
	}
	known := importer{}
	packages.Visit(loaded, nil, func(p *packages.Package) { known[p.PkgPath] = p.Types })
	for i, m := range all {
		t.Run(m.Name, func(t *testing.T) {
			for _, p := range loaded {
				checkTypes(t, known, p, changes[i], absolute)
			}
		})
	}
}

// checkTypes checks a package with changed files, if it has one.
func checkTypes(t *testing.T, known importer, p *packages.Package, changed map[string]string, root string) {
	t.Helper()
	var files []*ast.File
	mutated := false
	for i, path := range p.GoFiles {
		file := p.Syntax[i]
		if relative, err := filepath.Rel(root, path); err == nil {
			if text, ok := changed[filepath.ToSlash(relative)]; ok {
				mutated = true
				if file, err = parser.ParseFile(p.Fset, path, text, parser.SkipObjectResolution); err != nil {
					t.Fatal(err)
				}
			}
		}
		files = append(files, file)
	}
	if !mutated {
		return
	}
	config := types.Config{Importer: known, Error: func(err error) { t.Error(err) }}
	_, _ = config.Check(p.PkgPath, p.Fset, files, nil) // errors are reported above
}

// importer has the packages that the mutated packages import, by path.
type importer map[string]*types.Package

func (i importer) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("%s is not imported without the mutants", path)
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
