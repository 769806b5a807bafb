package packaging_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestEachDependencyHasItsReason(t *testing.T) {
	text, err := os.ReadFile("../../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons := string(text)
	required := requirements(t)
	for _, module := range required {
		if !strings.Contains(reasons, "| `"+module+"` |") {
			t.Errorf("docs/dependencies.md does not say why we need %s", module)
		}
	}
	for line := range strings.Lines(reasons) {
		named, found := strings.CutPrefix(line, "| `")
		module, _, _ := strings.Cut(named, "`")
		first, _, _ := strings.Cut(module, "/")
		if found && strings.Contains(first, ".") && !slices.Contains(required, module) {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not require", module)
		}
	}
}

// requirements returns the modules that go.mod requires directly.
func requirements(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, module := range file.Require {
		if !module.Indirect {
			paths = append(paths, module.Path)
		}
	}
	if len(paths) == 0 {
		t.Fatal("go.mod requires nothing")
	}
	return paths
}
