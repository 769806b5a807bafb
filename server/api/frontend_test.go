package api_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cloudapi/graph"
	"cloudapi/internal/fault"
	"cloudapi/server/api/apitest"
)

// frontend is a folder with the files of docs/clients, their checks and packages, and the schema.
func frontend(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, from := range []string{"../../docs/clients", "testdata/clients"} {
		if err := filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.Name() == "node_modules" {
				return firstOf(err, filepath.SkipDir)
			}
			below, err := filepath.Rel(from, path)
			if err != nil || entry.IsDir() {
				return firstOf(err, os.MkdirAll(filepath.Join(dir, below), 0o700))
			}
			text, err := os.ReadFile(path)
			return firstOf(err, os.WriteFile(filepath.Join(dir, below), text, 0o600))
		}); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := filepath.Abs("testdata/clients/node_modules")
	if err == nil {
		err = os.Symlink(packages, filepath.Join(dir, "node_modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []string{"relay", "codegen"} {
		file := filepath.Join(dir, client, "schema.graphql")
		if err := os.WriteFile(file, graph.SDL(graph.NewSchema(&graph.Resolver{}).Schema()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// npm runs a program in a folder.
func npm(t *testing.T, dir string, command ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), command[0], command[1:]...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s (make test installs it): %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// TestFrontendClients runs the configurations in docs/clients against a listening server: caches, pages, optimistic changes,
// persisted queries and subscriptions.
func TestFrontendClients(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/clients.db")
	url := listen(t, a) + "/graphql"
	dir := frontend(t)
	node := filepath.Join(dir, "node_modules")
	npm(t, filepath.Join(dir, "relay"), filepath.Join(node, ".bin/relay-compiler"), "relay.config.json")
	npm(t, dir, "node", "babel.mjs", "relay/customers.js")
	for client, checks := range map[string]int{"apollo": 10, "urql": 10, "relay": 6} {
		t.Run(client, func(t *testing.T) {
			lines := strings.Split(strings.TrimSpace(npm(t, dir, "node", client+".mjs", url, apitest.Administrator, apitest.Password)), "\n")
			if len(lines) != checks {
				t.Errorf("%d lines for %d checks", len(lines), checks)
			}
			for _, line := range lines {
				if !strings.HasPrefix(line, "ok ") {
					t.Error(line)
				}
			}
		})
	}
}

// TestErrorCodesAreDocumented: docs/frontend.md has each code with its status.
func TestErrorCodesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/frontend.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []fault.Code{
		fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Invalid, fault.Conflict, fault.KeyReused, fault.TooLarge,
		fault.TooMany, fault.Timeout, fault.Unavailable, fault.Internal,
	} {
		if row := fmt.Sprintf("| `%s` | %d |", code, code.Status()); !strings.Contains(string(text), row) {
			t.Errorf("docs/frontend.md has no row %q", row)
		}
	}
}

// TestCodegen: the types that graphql-codegen generates from the schema fit the documents in docs/clients/codegen.
func TestCodegen(t *testing.T) {
	dir := filepath.Join(frontend(t), "codegen")
	npm(t, dir, "../node_modules/.bin/graphql-codegen", "--config", "codegen.ts", "--silent")
	npm(t, dir, "../node_modules/.bin/tsc", "--project", "tsconfig.json")
}
