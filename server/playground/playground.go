// Package playground serves GraphiQL from the binary, with examples to start
// from. It needs no network.
package playground

import (
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed page assets examples
var files embed.FS

// policy lets the page load from its own origin only. GraphiQL's editor needs
// inline styles; scripts are all files.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"connect-src 'self'; img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Example is a tab that the playground opens with.
type Example struct {
	Title string `json:"title"`
	Query string `json:"query"`
}

// Examples are the ready-made tabs, in the order of their file names.
func Examples() ([]Example, error) {
	names, err := fs.Glob(files, "examples/*.graphql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	examples := make([]Example, 0, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		title := strings.TrimSuffix(path.Base(name), ".graphql")
		if _, rest, ok := strings.Cut(title, "_"); ok {
			title = rest
		}
		examples = append(examples, Example{Title: title, Query: string(text)})
	}
	return examples, nil
}

// New returns the handler of /playground and everything below it.
func New() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /playground", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "page/playground.html")
	})
	mux.HandleFunc("GET /playground/examples.json", func(w http.ResponseWriter, _ *http.Request) {
		examples, err := Examples()
		if err != nil {
			http.Error(w, "the examples are missing", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// The client may be gone.
		_ = json.NewEncoder(w).Encode(examples)
	})
	mux.Handle("GET /playground/page/", http.StripPrefix("/playground/", http.FileServerFS(files)))
	mux.Handle("GET /playground/assets/", immutable(http.StripPrefix("/playground/", http.FileServerFS(files))))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	})
}

// immutable lets browsers keep the assets for a day: they change with the
// server's version only.
func immutable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=86400")
		next.ServeHTTP(w, r)
	})
}
