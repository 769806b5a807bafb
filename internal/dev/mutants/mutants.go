// Package mutants has deliberate faults, each with the test that must fail when the program has the fault.
//
// A mutant is a text file with a header and replacements of lines:
//
//	Title: what is wrong with the program
//	Breaks: the promise that it breaks
//	Test: ./package TestName
//	-- path/file.go: old --
//	existing lines, which occur once in the file
//	-- path/file.go: new --
//	the lines that replace them
package mutants

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/txtar"
)

// Mutant is a deliberate fault.
type Mutant struct {
	Name    string // its file name without the extension
	Title   string
	Breaks  string
	Package string
	// TestName is the test, or test and subtest, that must fail.
	TestName string
	edits    []edit
}

// edit replaces lines that occur once in a file.
type edit struct{ file, old, new string }

// Load reads the mutants in a directory, in the order of their names.
func Load(dir fs.FS) ([]*Mutant, error) {
	names, err := fs.Glob(dir, "*.txtar")
	if err != nil {
		return nil, err
	}
	var all []*Mutant
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		m, err := parse(strings.TrimSuffix(name, ".txtar"), text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, m)
	}
	return all, nil
}

func parse(name string, text []byte) (*Mutant, error) {
	archive := txtar.Parse(text)
	m := &Mutant{Name: name}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "Title":
			m.Title = value
		case "Breaks":
			m.Breaks = value
		case "Test":
			m.Package, m.TestName, _ = strings.Cut(value, " ")
		default:
			return nil, fmt.Errorf("%q is neither Title, Breaks nor Test", key)
		}
	}
	if m.Title == "" || m.Breaks == "" || m.Package == "" || m.TestName == "" {
		return nil, fmt.Errorf("it lacks a title, what it breaks, or the test")
	}
	for i := 0; i+1 < len(archive.Files); i += 2 {
		file, isOld := strings.CutSuffix(archive.Files[i].Name, ": old")
		if next, isNew := strings.CutSuffix(archive.Files[i+1].Name, ": new"); !isOld || !isNew || next != file {
			return nil, fmt.Errorf("old and new do not alternate at %s", archive.Files[i].Name)
		}
		m.edits = append(m.edits, edit{file, string(archive.Files[i].Data), string(archive.Files[i+1].Data)})
	}
	if len(m.edits) == 0 || len(archive.Files)%2 != 0 {
		return nil, fmt.Errorf("it has %d parts", len(archive.Files))
	}
	return m, nil
}

// Mutate returns the files of the module in root that the mutant changes, by path, with their new content. It fails if the
// program has changed so that the mutant no longer applies.
func (m *Mutant) Mutate(root string) (map[string]string, error) {
	changed := map[string]string{}
	for _, e := range m.edits {
		text, ok := changed[e.file]
		if !ok {
			content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.file)))
			if err != nil {
				return nil, err
			}
			text = string(content)
		}
		// Only whole lines match.
		if n := strings.Count("\n"+text, "\n"+e.old); n != 1 || e.old == "" {
			return nil, fmt.Errorf("%s has these lines %d times, not once:\n%s", e.file, n, e.old)
		}
		before, after, _ := strings.Cut("\n"+text, "\n"+e.old)
		changed[e.file] = strings.TrimPrefix(before+"\n", "\n") + e.new + after
	}
	return changed, nil
}

// Overlay writes the changed files into dir, and returns a file for `go build -overlay` that replaces the program's files by
// them.
func (m *Mutant) Overlay(root, dir string) (string, error) {
	changed, err := m.Mutate(root)
	if err != nil {
		return "", err
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range changed {
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(root, filepath.FromSlash(file))] = path
	}
	// Strings can always be encoded.
	text, _ := json.Marshal(overlay)
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, text, 0o600)
}
