package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestGoroutinesAreRecovered: only internal/service starts goroutines, because a panic in any other goroutine would end the
// process. internal/transfer is exempt: it runs in its own process (cloudapi import). Functions passed to context.AfterFunc
// are not checked: they must be a single line that cannot panic.
func TestGoroutinesAreRecovered(t *testing.T) {
	root := "../../.."
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, _ := filepath.Rel(root, path)
		if d.IsDir() {
			others := []string{"internal/dev", "internal/service", "internal/transfer", "server/api/apitest", "server/faults"}
			if slices.Contains(others, below) || below != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine by itself, not by internal/service", files.Position(n.Pos()))
			case *ast.CallExpr:
				called, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				by, ok := called.X.(*ast.Ident)
				timer := ok && by.Name == "time" && called.Sel.Name == "AfterFunc"
				if called.Sel.Name == "Go" && (!ok || by.Name != "service") || timer {
					t.Errorf("%s starts a goroutine by itself, not by internal/service", files.Position(n.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
