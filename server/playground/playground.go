// Package playground serves GraphiQL from the binary, with examples. The page loads nothing from other servers.
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

	"cloudapi/internal/viewer"
)

// Prefix is the path of the page. All of its files are below.
const Prefix = "/playground"

//go:embed template page assets examples
var files embed.FS

// policy is the Content-Security-Policy: the page loads from its own origin only, and scripts only from files. GraphiQL's
// editor writes style attributes, and its dialogs a style element.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"connect-src 'self'; img-src 'self' data:; font-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const (
	// revalidate is for addresses whose content changes.
	revalidate = "private, no-cache"
	// forever is for addresses that contain the hash of their content.
	forever = "private, max-age=31536000, immutable"
)

// Options of the playground.
type Options struct {
	// Demo says that the server has only demo data. Then the examples create what they change, and each succeeds at a click.
	// Otherwise no example changes anything at a click.
	Demo bool
	// Secrets has the names of arguments and input fields with secret values. The page never stores such values.
	Secrets []string
	// Challenge sets the WWW-Authenticate header.
	Challenge func(http.Header)
}

// New returns the handler of Prefix and everything below. The page sends requests to /graphql of its own origin, with the
// browser's credentials or with a bearer token. Without credentials the page is a sign-in form, which is visible after
// cancelling the browser's prompt. The files that the page loads are public; the examples are not.
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
	mux.Handle("GET "+Prefix, o.orSignIn(newResource("text/html; charset=utf-8", revalidate, page), page))
	mux.Handle("GET "+Prefix+"/{$}", http.RedirectHandler(Prefix, http.StatusPermanentRedirect))
	start, err := encodeStart(o)
	if err != nil {
		return nil, err
	}
	mux.Handle("GET "+Prefix+"/start.json", o.orSignIn(newResource("application/json", revalidate, start), []byte("{}")))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		mux.ServeHTTP(w, r)
	}), nil
}

// serveFiles serves each file at an address with its content's hash, and returns the addresses by file name.
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

// mediaType does not use the operating system's table, which may lack types that browsers require.
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

// render writes the page with the addresses of its files.
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

// orSignIn answers with the resource, or with 401, a challenge and content if the request has no credentials.
func (o Options) orSignIn(res *resource, content []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if viewer.FromContext(r.Context()) != nil {
			res.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", res.mediaType)
		h.Set("Cache-Control", "no-store")
		o.Challenge(h)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write(bytes.Replace(content, []byte("<body>"), []byte(`<body class="signed-out">`), 1))
	})
}

// encodeStart returns the JSON that the page starts with.
func encodeStart(o Options) ([]byte, error) {
	examples, err := Examples()
	if err != nil {
		return nil, err
	}
	if !o.Demo {
		for i, example := range examples {
			examples[i] = example.harmless()
		}
	}
	return json.Marshal(struct {
		Examples []Example `json:"examples"`
		Demo     bool      `json:"demo"`
		Secrets  []string  `json:"secrets"`
	}{examples, o.Demo, o.Secrets})
}
