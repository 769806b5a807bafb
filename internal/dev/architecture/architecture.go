// Package architecture draws the map of packages in docs/architecture.md from their imports, and checks that no import points
// upwards and that ent/schema is imported only within ent: it describes the model for ent's generator.
package architecture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Layer is a set of packages. They import only packages of their own layer and of the layers below.
type Layer struct {
	Name     string
	Packages []string // paths below the module; "x/..." means x and everything below it
}

// Layers returns the layers of the program from the top down. A new package needs an entry here.
func Layers() []Layer {
	return []Layer{
		{"Program", []string{"server"}},
		{"Assembly", []string{"server/api"}},
		{"Faces", []string{"server/export", "server/graphqlhttp", "server/playground", "server/xmlrpc", "server/rest/..."}},
		{"Streams", []string{"server/subscription"}},
		{"Engine", []string{"server/engine", "server/persisted", "server/limit", "server/auth", "server/csrf", "server/compression"}},
		{"Observation", []string{"server/observe", "server/telemetry"}},
		{"GraphQL resolvers", []string{"graph"}},
		{"Verbs and reads", []string{"internal/capacity", "internal/customer", "internal/identity", "internal/session", "internal/job", "internal/portal", "internal/idempotency", "internal/fastread", "internal/transfer"}},
		{"Model", []string{"graph/scalar", "graph/coerce", "graph/selection", "internal/model", "internal/document", "ent/..."}},
		{"Database", []string{"internal/groupcommit", "internal/store"}},
		{"Leaves", []string{
			"cloudapi",
			"internal/batch", "internal/budget", "internal/certificate", "internal/domainname", "internal/event", "internal/fault", "internal/strictjson", "internal/lru",
			"internal/password", "internal/secret", "internal/service", "internal/stamp", "internal/textrule", "internal/token", "internal/viewer",
		}},
	}
}

// Package is a package of the program and what it imports from the module.
type Package struct {
	Path    string // below the module, "server/rest"
	Doc     string // first sentence of the package comment
	Imports []string
}

// Load lists the packages of the module in dir, except internal/dev, tests, and generated packages below ent.
func Load(ctx context.Context, dir string) ([]Package, error) {
	list := exec.CommandContext(ctx, "go", "list", "-json=ImportPath,Doc,Imports,Module", "./...")
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var all []Package
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath, Doc string
			Imports         []string
			Module          struct{ Path string }
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		prefix := p.Module.Path + "/"
		path := strings.TrimPrefix(p.ImportPath, prefix)
		if !ofTheProgram(path) {
			continue
		}
		loaded := Package{Path: path, Doc: p.Doc}
		for _, imported := range p.Imports {
			if below, own := strings.CutPrefix(imported, prefix); own {
				loaded.Imports = append(loaded.Imports, shown(below))
			}
		}
		slices.Sort(loaded.Imports)
		loaded.Imports = slices.Compact(loaded.Imports)
		all = append(all, loaded)
	}
}

// handWritten lists the packages below ent that are not generated.
var handWritten = []string{"ent/edgeexists", "ent/migrate", "ent/rule", "ent/schema", "ent/schema/mixin"}

func ofTheProgram(path string) bool {
	switch {
	case strings.HasPrefix(path, "internal/dev/"), path == "server/api/apitest", path == "server/api/conformance", path == "server/faults", path == "ent/migrate/diff", strings.HasPrefix(path, "docs/"):
		return false
	default:
		return !strings.HasPrefix(path, "ent/") || slices.Contains(handWritten, path)
	}
}

// shown returns the path of an import in the map: ent stands for the generated packages below it.
func shown(path string) string {
	if strings.HasPrefix(path, "ent/") && !slices.Contains(handWritten, path) {
		return "ent"
	}
	return path
}

// layerOf returns the index of a package's layer, or -1.
func layerOf(layers []Layer, path string) int {
	return slices.IndexFunc(layers, func(l Layer) bool {
		return slices.ContainsFunc(l.Packages, func(pattern string) bool {
			root, below := strings.CutSuffix(pattern, "/...")
			return path == root || below && strings.HasPrefix(path, root+"/")
		})
	})
}

// Violations lists the packages without a layer, the imports that point upwards, and the imports of ent/schema outside ent.
func Violations(layers []Layer, all []Package) (found []string) {
	for _, p := range all {
		own := layerOf(layers, p.Path)
		if own < 0 {
			found = append(found, p.Path+" has no layer: add it to Layers")
			continue
		}
		for _, imported := range p.Imports {
			if other := layerOf(layers, imported); other < own {
				found = append(found, fmt.Sprintf("%s (%s) imports %s, which is above it", p.Path, layers[own].Name, imported))
			}
			if strings.HasPrefix(imported, "ent/schema") && !strings.HasPrefix(p.Path, "ent") {
				found = append(found, fmt.Sprintf("%s imports %s, which is for ent's generator", p.Path, imported))
			}
		}
	}
	return found
}

// Draw writes the map in Markdown: the layers from the top down, and for each package its summary and its imports. It omits
// imports of the leaves that nearly every package uses.
func Draw(layers []Layer, all []Package) string {
	var b strings.Builder
	b.WriteString("| package | what it does | imports |\n|---|---|---|\n")
	for i, l := range layers {
		fmt.Fprintf(&b, "| **%s** | | |\n", l.Name)
		for _, p := range all {
			if layerOf(layers, p.Path) == i {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Path, summary(p), imports(p))
			}
		}
	}
	return b.String()
}

// everywhere lists the leaves that the map omits from the imports.
var everywhere = []string{"internal/fault", "internal/secret", "internal/viewer", "internal/textrule"}

func imports(p Package) string {
	var listed []string
	for _, path := range p.Imports {
		if !slices.Contains(everywhere, path) && path != p.Path {
			listed = append(listed, "`"+path+"`")
		}
	}
	return strings.Join(listed, " ")
}

// summary returns the first sentence of the package comment without "Package x".
func summary(p Package) string {
	if p.Path == "internal/model" {
		return "generated from `schema.graphqls`: inputs and payloads."
	}
	words := strings.SplitN(p.Doc, " ", 3)
	if len(words) < 3 {
		return p.Doc
	}
	return strings.ReplaceAll(words[2], "|", "\\|")
}
