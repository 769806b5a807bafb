package persisted

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Trusted reads the documents of a path; no others are accepted. The path is a directory of .graphql files, which are named
// by the SHA-256 of their content, or a JSON file: Apollo's manifest, or an object from ids to texts as Relay and GraphQL
// Code Generator's client preset write it.
func Trusted(path string) (*Documents, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("trusted documents: %w", err)
	}
	var documents map[string]string
	if info.IsDir() {
		documents, err = directory(path)
	} else {
		documents, err = manifest(path)
	}
	if err != nil {
		return nil, fmt.Errorf("trusted documents: %w", err)
	}
	d := &Documents{trusted: documents, texts: map[string]bool{}}
	for _, text := range documents {
		d.texts[text] = true
	}
	return d, nil
}

// Texts returns the texts of all trusted documents.
func (d *Documents) Texts() []string {
	if d == nil {
		return nil
	}
	texts := make([]string, 0, len(d.texts))
	for text := range d.texts {
		texts = append(texts, text)
	}
	return texts
}

func directory(path string) (map[string]string, error) {
	names, err := filepath.Glob(filepath.Join(path, "*.graphql"))
	if err != nil {
		return nil, err
	}
	documents := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		documents[hash(string(text))] = string(text)
	}
	return documents, nil
}

func manifest(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var apollo struct {
		Format     string
		Operations []struct{ ID, Body string }
	}
	if err := json.Unmarshal(text, &apollo); err == nil && apollo.Format == "apollo-persisted-query-manifest" {
		documents := map[string]string{}
		for _, o := range apollo.Operations {
			documents[o.ID] = o.Body
		}
		return documents, nil
	}
	var documents map[string]string
	if err := json.Unmarshal(text, &documents); err != nil {
		return nil, fmt.Errorf("%s is neither a manifest nor an object of texts: %w", path, err)
	}
	return documents, nil
}

// trustedText returns the text of a trusted document, by its id or by its text.
func (d *Documents) trustedText(id, query string) (string, error) {
	if id == "" {
		if !d.texts[query] {
			return "", refuse(CodeNotTrusted, "Only trusted documents are accepted")
		}
		return query, nil
	}
	text, ok := d.trusted[id]
	if !ok {
		return "", refuse(CodeNotFound, notFound)
	}
	if query != "" && query != text {
		return "", refuse(CodeNotTrusted, "The query is not the document of that id")
	}
	return text, nil
}
