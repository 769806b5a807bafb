// Package export serves the customers that a caller may see as a file, in constant memory: it runs an operation of the
// schema for each page, with the rights, limits and filters of every other operation.
package export

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/viewer"
	"cloudapi/server/compression"
	"cloudapi/server/csrf"
	"cloudapi/server/engine"
	"cloudapi/server/observe"
)

// Prefix is the path above all exports.
const Prefix = "/export/"

// whereName is the parameter with the filter: the JSON of a CustomerWhereInput.
const whereName = "where"

// readingTime is how long a client may take to read a page.
const readingTime = 10 * time.Minute

// query reads a page. Its fields are the members of a line of JSON Lines.
const query = `query export($where: CustomerWhereInput, $after: Cursor) {
  customers(first: 500, after: $after, where: $where) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id version createdAt updatedAt name description address city country status resourceGroupId retentionPolicyId
      capacityBalance { type available consumed remaining }
    }
  }
}`

// Options configures a Handler.
type Options struct {
	Engine *engine.Engine
	// PageTime is the time limit of each page after the first, which has the request's.
	PageTime time.Duration
	// Refuse writes an error before an answer has begun.
	Refuse func(http.ResponseWriter, *http.Request, error)
}

// Handler serves the exports.
type Handler struct{ Options }

// New returns a handler.
func New(o Options) (*Handler, error) {
	if _, err := o.Engine.Preload(query); err != nil {
		return nil, err
	}
	return &Handler{o}, nil
}

// format writes customers in one form.
type format interface {
	// contentType is the media type of the file.
	contentType() string
	begin(w *bufio.Writer) error
	// customer writes the JSON of one customer.
	customer(w *bufio.Writer, node json.RawMessage) error
}

func formatOf(path string) format {
	switch strings.TrimPrefix(path, Prefix) {
	case "customers.csv":
		return csvFormat{}
	case "customers.jsonl":
		return linesFormat{}
	}
	return nil
}

// ServeHTTP answers with a file. An answer that fails after it has begun is broken off, so that no client mistakes half a
// file for a whole one.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := formatOf(r.URL.Path)
	if f == nil {
		h.Refuse(w, r, fault.New(fault.NotFound, "There is no such export; there are customers.csv and customers.jsonl"))
		return
	}
	begun, err := h.serve(w, r, f)
	switch {
	case err == nil:
	case begun:
		observe.NoteAborted(r.Context(), fault.As(err).Reason())
		panic(http.ErrAbortHandler)
	default:
		h.Refuse(w, r, err)
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, f format) (begun bool, err error) {
	if viewer.FromContext(r.Context()) == nil {
		return false, fault.New(fault.Unauthenticated, "Authentication failed")
	}
	if err := csrf.OtherSite(r.Context(), false); err != nil {
		return false, err
	}
	if !r.ProtoAtLeast(1, 1) {
		// HTTP/1.0 ends a file by closing the connection, in the middle of it as at its end.
		return false, fault.New(fault.Invalid, "An export needs HTTP/1.1 or later")
	}
	where, err := filter(r.URL)
	if err != nil {
		return false, err
	}
	observe.Note(r.Context(), "", "export")
	r, leave, err := h.Engine.Enter(r)
	if err != nil {
		return false, err
	}
	defer leave()
	p := pages{handler: h, r: r, variables: map[string]any{whereName: where}}
	return h.write(w, r, f, &p)
}

// write writes the pages. The first decides whether the caller gets an answer.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, f format, p *pages) (begun bool, err error) {
	out := bufio.NewWriter(w)
	for p.more() {
		nodes, err := p.next(r.Context())
		if err != nil {
			return begun, err
		}
		if !begun {
			begun = true
			headers(w.Header(), f, r.URL.Path)
			if r.Method == http.MethodHead {
				return begun, nil
			}
			if err := f.begin(out); err != nil {
				return begun, err
			}
		}
		// It fails only if the connection has no deadlines.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(readingTime))
		for _, node := range nodes {
			if err := f.customer(out, node); err != nil {
				return begun, err
			}
		}
		if err := out.Flush(); err != nil {
			return begun, err
		}
	}
	return begun, nil
}

func headers(h http.Header, f format, path string) {
	h.Set("Content-Type", f.contentType())
	h.Set("Content-Disposition", `attachment; filename="`+strings.TrimPrefix(path, Prefix)+`"`)
	h.Set("Cache-Control", "no-store")
	compression.Allow(h)
}

// filter returns the filter of a request, nil for none.
func filter(u *url.URL) (any, error) {
	given, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fault.New(fault.Invalid, "The query string of the URL is malformed")
	}
	for name, values := range given {
		if name != whereName {
			return nil, fault.New(fault.Invalid, "The export has no parameter of that name; it has `where`").On(name)
		}
		if len(values) > 1 {
			return nil, fault.New(fault.Invalid, "where is given %d times", len(values)).On(whereName)
		}
	}
	text := given.Get(whereName)
	if text == "" {
		return nil, nil
	}
	var where strictjson.Object
	if err := strictjson.Unmarshal([]byte(text), &where); err != nil {
		return nil, fault.New(fault.Invalid, "where must be a JSON object, as the argument of the same name of `customers`").On(whereName).Because(err)
	}
	return map[string]any(where), nil
}
