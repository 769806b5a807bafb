package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// The tables of the options are written from the options themselves.
//
//go:generate go test . -run ^TestOptionsAreDocumented$ -update

var update = flag.Bool("update", false, "write the tables of docs/operations.md anew")

const (
	operationsFile = "../docs/operations.md"
	optionsBegin   = "<!-- options: make generate writes what is between these lines -->\n"
	optionsEnd     = "<!-- end of options -->\n"
)

// TestOptionsAreDocumented checks that the tables in docs/operations.md are up to date.
func TestOptionsAreDocumented(t *testing.T) {
	text, err := os.ReadFile(operationsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), optionsBegin)
	_, after, ended := strings.Cut(rest, optionsEnd)
	if !found || !ended {
		t.Fatalf("%s has no place for the options", operationsFile)
	}
	want := before + optionsBegin + options(t) + optionsEnd + after
	if *update {
		if err := os.WriteFile(operationsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Errorf("%s is stale: make generate writes it anew", operationsFile)
	}
}

// TestDocumentedVariablesAreKnown: the program warns of no variable that a document names.
func TestDocumentedVariablesAreKnown(t *testing.T) {
	parser, err := kong.New(&commands{}, kong.DefaultEnvars("CLOUDAPI"), kong.Vars{"version": version()}, limitDefaults())
	if err != nil {
		t.Fatal(err)
	}
	documents, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, document := range append(documents, "../README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, regexp.MustCompile(`\bCLOUDAPI_[A-Z_]*[A-Z]\b`).FindAllString(string(text), -1)...)
	}
	for name := range unknownVariables(parser.Model, named) {
		t.Errorf("a document names %s", name)
	}
	for _, variable := range passwordVariables {
		if !slices.Contains(named, string(variable)) {
			t.Errorf("no document names %s", variable)
		}
	}
}

// options returns the tables of the flags of all commands and of each command. `demo` has the flags of `serve`.
func options(t *testing.T) string {
	t.Helper()
	parser, err := kong.New(&commands{}, kong.DefaultEnvars("CLOUDAPI"), kong.Vars{"version": version()}, limitDefaults())
	if err != nil {
		t.Fatal(err)
	}
	leaves := parser.Model.Leaves(false)
	shared, err := kong.New(&struct {
		databaseFlags
		logFlags
	}{}, kong.DefaultEnvars("CLOUDAPI"), kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	common := func(f *kong.Flag) bool {
		return slices.ContainsFunc(shared.Model.Flags, func(s *kong.Flag) bool { return s.Name == f.Name })
	}
	var out strings.Builder
	out.WriteString("\n### Every command that uses a database\n\n")
	table(&out, shared.Model.Flags, common)
	for _, command := range leaves {
		name := strings.TrimPrefix(command.FullPath(), parser.Model.Name+" ")
		if name == "demo" {
			continue
		}
		fmt.Fprintf(&out, "### cloudapi %s\n\n%s\n\n", name, command.Help)
		for _, argument := range command.Positional {
			fmt.Fprintf(&out, "`<%s>`: %s\n\n", argument.Name, argument.Help)
		}
		table(&out, command.Flags, func(f *kong.Flag) bool { return !common(f) })
	}
	return out.String()
}

// table writes the wanted flags, if there are any.
func table(out *strings.Builder, flags []*kong.Flag, wanted func(*kong.Flag) bool) {
	begun := false
	for _, f := range flags {
		if !wanted(f) {
			continue
		}
		if !begun {
			out.WriteString("| flag | variable | default | |\n|---|---|---|---|\n")
			begun = true
		}
		row(out, f)
	}
	if begun {
		out.WriteString("\n")
	}
}

func row(out *strings.Builder, f *kong.Flag) {
	flag := "--" + f.Name
	if f.Tag.Negatable != "" {
		flag += ", --no-" + f.Name
	}
	value := ""
	if f.Default != "" {
		value = "`" + f.Default + "`"
	}
	fmt.Fprintf(out, "| `%s` | `%s` | %s | %s |\n", flag, strings.Join(f.Envs, "`, `"), value, strings.ReplaceAll(f.Help, "|", `\|`))
}

// TestEachAlertIsExplained: the documentation has a section for each alert.
func TestEachAlertIsExplained(t *testing.T) {
	text, err := os.ReadFile(operationsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts(t) {
		if !strings.Contains(string(text), "\n### "+a.Alert+"\n") {
			t.Errorf("%s says nothing of %s", operationsFile, a.Alert)
		}
	}
}
