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

// replaced names the functions and methods of entgql that ent/hand_paging.go, ent/hand_collect.go and template/pages.tmpl implement
// differently. entgql's versions find a selected field by alias only, do not support `nodes`, count for `pageInfo`, accept
// any page size, and apply both cursors in one direction.
var replaced = map[string][]string{
	"gql_pagination.go": {"collectedField", "hasCollectedField", "validateFirstLast", "build", "applyCursors"},
	"gql_collection.go": {"fieldArgs"},
}

// replaceCollection removes the functions named in replaced from the generated files. It fails if a newer entgql no longer
// generates them.
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
		collection := filepath.Join(g.Target, "gql_collection.go")
		if err := replaceCall(collection, "entgql.LimitPerRow(", "limitPerRow("); err != nil {
			return err
		}
		if err := replaceCall(collection, "args.last != nil)", "fromEnd(args.first, args.last))"); err != nil {
			return err
		}
		if err := replaceCall(collection, "\t\t\targs := new", "\t\t\tif !preloads(ctx, path...) {\n\t\t\t\tcontinue\n\t\t\t}\n\t\t\targs := new"); err != nil {
			return err
		}
		if err := replaceCall(collection, "\t\t\tif err := query.collectField(ctx, oneNode,", "\t\t\tif !selectedOnce(opCtx, collected, satisfies, field) {\n\t\t\t\tcontinue\n\t\t\t}\n\t\t\tif err := query.collectField(ctx, oneNode,"); err != nil {
			return err
		}
		connection := "type CustomerConnection struct {\n"
		if err := replaceCall(filepath.Join(g.Target, "gql_pagination.go"), connection, connection+"\tmatching *CustomerQuery // all rows of the list, whatever the page\n"); err != nil {
			return err
		}
		if err := replaceOrders(filepath.Join(g.Target, "gql_pagination.go")); err != nil {
			return err
		}
		return replaceNeighbors(g)
	})
}

// replaceOrders adds the orders by two columns: see ent/hand_order.go.
func replaceOrders(pagination string) error {
	for _, r := range [][2]string{
		{"query.ctx.AppendFieldOnce(p.order.Field.column)", "appendOrder(query.ctx, p.order.Field.column)"},
		{"b.Ident(p.order.Field.column).Pad().WriteString(string(direction))", "writeOrder(b, p.order.Field.column, string(direction))"},
		{"return fmt.Errorf(\"%s is not a valid CustomerOrderField\", str)", "return f.unmarshalPair(str)"},
		{"case CustomerOrderFieldStatus.column:\n\t\tstr = \"STATUS\"\n", "case CustomerOrderFieldStatus.column:\n\t\tstr = \"STATUS\"\n\tdefault:\n\t\tstr = f.pairName()\n"},
	} {
		if err := replaceCall(pagination, r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// replaceNeighbors makes the predicates of edges call ent/edgeexists.
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

// replaceCall replaces a call in the generated code by a call of our function: see limitPerRow, fromEnd and preloads.
func replaceCall(path, theirs, ours string) error {
	src, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(src, []byte(theirs)) {
		return fmt.Errorf("%s no longer calls %s: see ent/generator/hook.go", path, theirs)
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
		if !ok || !slices.Contains(names, fn.Name.Name) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(n string) bool { return n == fn.Name.Name })
		src = slices.Delete(src, fset.Position(fn.Pos()).Offset, fset.Position(fn.End()).Offset)
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s no longer has %v: see ent/generator/hook.go", path, missing)
	}
	if src, err = imports.Process(path, src, nil); err != nil {
		return err
	}
	return os.WriteFile(path, src, 0o644)
}
