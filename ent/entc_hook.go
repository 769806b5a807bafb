//go:build ignore

package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"

	"entgo.io/ent/entc/gen"
	"golang.org/x/tools/imports"
)

// replaced are the functions of entgql that paging.go has in another form: its
// own find a selected field by alias only, know nothing of `nodes`, count for
// `pageInfo` and take any page size.
var replaced = map[string][]string{
	"gql_pagination.go": {"collectedField", "hasCollectedField", "validateFirstLast"},
	"gql_collection.go": {"fieldArgs"},
}

// replaceCollection takes the functions named in replaced out of the generated
// files, and fails when a new entgql no longer has them.
func replaceCollection(next gen.Generator) gen.Generator {
	return gen.GenerateFunc(func(g *gen.Graph) error {
		if err := next.Generate(g); err != nil {
			return err
		}
		for file, names := range replaced {
			if err := removeFunctions(filepath.Join(g.Target, file), names); err != nil {
				return err
			}
		}
		if err := replaceCall(filepath.Join(g.Target, "gql_pagination.go"), "entgql.CursorsPredicate(", "cursorsPredicate("); err != nil {
			return err
		}
		if err := replaceCall(filepath.Join(g.Target, "gql_collection.go"), "entgql.LimitPerRow(", "limitPerRow("); err != nil {
			return err
		}
		return replaceNeighbors(g)
	})
}

// replaceNeighbors makes the predicates of edges ours: see ent/edgeexists.
func replaceNeighbors(g *gen.Graph) error {
	for _, n := range g.Nodes {
		if len(n.Edges) == 0 {
			continue
		}
		if err := replaceCall(filepath.Join(g.Target, n.PackageDir(), "where.go"), "sqlgraph.HasNeighbors", "edgeexists.HasNeighbors"); err != nil {
			return err
		}
	}
	return nil
}

// replaceCall makes the generated code call ours: see limitPerRow and
// cursorsPredicate.
func replaceCall(path, theirs, ours string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(src, []byte(theirs)) {
		return fmt.Errorf("%s no longer calls %s: see ent/entc_hook.go", path, theirs)
	}
	src, err = imports.Process(path, bytes.ReplaceAll(src, []byte(theirs), []byte(ours)), nil)
	if err != nil {
		return err
	}
	return os.WriteFile(path, src, 0o644)
}

func removeFunctions(path string, names []string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, src, parser.ParseComments)
	if err != nil {
		return err
	}
	missing := slices.Clone(names)
	for _, decl := range slices.Backward(file.Decls) {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !slices.Contains(names, fn.Name.Name) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(n string) bool { return n == fn.Name.Name })
		src = slices.Delete(src, fset.Position(fn.Pos()).Offset, fset.Position(fn.End()).Offset)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s no longer has %v: see ent/entc_hook.go", path, missing)
	}
	if src, err = imports.Process(path, src, nil); err != nil {
		return err
	}
	return os.WriteFile(path, src, 0o644)
}
