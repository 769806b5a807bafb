// Package playground serves GraphiQL from the binary, with examples to start
// from. It needs no network.
package playground

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
)

// Prefix is the path of the page; everything else lies below it.
const Prefix = "/playground"

//go:embed template page assets examples
var files embed.FS

// policy lets the page load from its own origin only, scripts as files only.
// GraphiQL's editor writes style attributes, and its dialogs a style element.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"connect-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	// revalidate is for what keeps its address when it changes.
	revalidate = "private, no-cache"
	// forever is for what has its content's hash in its address.
	forever = "private, max-age=31536000, immutable"
)

// Options of the playground.
type Options struct {
	// Guids is a query whose aliases are names of input fields. The first id in
	// the answer of each takes the place of the nil guid in the examples'
	// variables, so that every example works at a click. Where it is empty they
	// stay as they are: on a server with real data a click must not change any.
	Guids string
}

// New returns the handler of Prefix and everything below it. The page talks to
// /graphql of its own origin, with the credentials that the browser has.
func New(o Options) (http.Handler, error) {
	mux := http.NewServeMux()
	addresses, err := serveFiles(mux, "assets", "page")
	if err != nil {
		return nil, err
	}
	page, err := render(addresses)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+Prefix, newResource("text/html; charset=utf-8", revalidate, page))
	mux.Handle("GET "+Prefix+"/{$}", http.RedirectHandler(Prefix, http.StatusPermanentRedirect))
	start, err := encodeStart(o)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+Prefix+"/start.json", newResource("application/json", revalidate, start))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	}), nil
}

// serveFiles serves each file below an address that names its content, and
// returns the addresses by file name.
func serveFiles(mux *http.ServeMux, dirs ...string) (map[string]string, error) {
	addresses := map[string]string{}
	for _, dir := range dirs {
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			return nil, fmt.Errorf("playground: %w", err)
		}
		for _, entry := range entries {
			name := entry.Name()
			content, err := files.ReadFile(path.Join(dir, name))
			if err != nil {
				return nil, fmt.Errorf("playground: %w", err)
			}
			r := newResource(mediaType(name), forever, content)
			addresses[name] = Prefix + "/assets/" + r.hash + "/" + name
			mux.Handle("GET "+addresses[name], r)
		}
	}
	return addresses, nil
}

// mediaType does not ask the machine's own table, which may lack what a
// browser insists on.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	default:
		return "text/plain; charset=utf-8"
	}
}

// render writes the page with the addresses of what it loads.
func render(addresses map[string]string) ([]byte, error) {
	t, err := template.ParseFS(files, "template/playground.html")
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	t.Option("missingkey=error")
	var page bytes.Buffer
	if err := t.Execute(&page, addresses); err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	return page.Bytes(), nil
}

// encodeStart is what the page begins with.
func encodeStart(o Options) ([]byte, error) {
	examples, err := Examples()
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Examples []Example `json:"examples"`
		Guids    string    `json:"guids,omitempty"`
	}{examples, o.Guids})
}
