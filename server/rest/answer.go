package rest

import (
	"cmp"
	"errors"
	"io"
	"net/http"

	"github.com/tidwall/gjson"

	"cloudapi/server/compression"
)

// run executes the operation of a method and returns its data.
type run func(vars map[string]any) ([]byte, error)

// writer records whether an answer has begun: until then a failure can still be sent.
type writer struct {
	http.ResponseWriter
	transport Transport
	// query is true if the method changes nothing: its answer may be compressed.
	query bool
	// executed is true once the operation is executed: the engine reports the faults from then on.
	executed bool
	// userMessage is the caller's own message for a failure, "" for none.
	userMessage string
	started     bool
	answer      io.Writer // set when the answer has begun
}

// Write begins the answer with its headers.
func (w *writer) Write(p []byte) (int, error) {
	if !w.started {
		w.started = true
		if w.query {
			compression.Allow(w.Header())
		}
		w.answer = w.transport.Begin(w.ResponseWriter)
	}
	return w.answer.Write(p)
}

func setHeaders(h http.Header) {
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
}

// answer runs a method and writes the result. It writes nothing before the first page is complete.
func (m *Method) answer(w *writer, vars map[string]any, run run) error {
	run = m.withRewrite(run)
	if m.matchesNothing(vars) {
		return writeText(w, `{"jobguid":null,"result":[]}`)
	}
	data, err := run(vars)
	if err != nil {
		return err
	}
	if m.shape.connection == "" {
		return m.shape.writeSinglePage(w, data)
	}
	return m.shape.writePages(w, data, vars, run)
}

// writeSinglePage writes an answer of a single page.
func (s *shape) writeSinglePage(w io.Writer, data []byte) error {
	result := s.resultJSON(data)
	if s.bare {
		return writeText(w, result)
	}
	before, after := `,"result":`, "}"
	if s.wrap {
		before, after = before+"[", "]"+after
	}
	for _, part := range []string{`{"jobguid":`, raw(data, s.job, "null"), before, result, after} {
		if err := writeText(w, part); err != nil {
			return err
		}
	}
	return nil
}

// resultJSON returns the JSON of the result. It is true if the operation has no result.
func (s *shape) resultJSON(data []byte) string {
	for _, path := range s.alternatives {
		if found := gjson.GetBytes(data, path); found.Raw != "" {
			return found.Raw
		}
	}
	return raw(data, s.result, "true")
}

// writeText writes a text without copying all of it.
func writeText(w io.Writer, text string) error {
	const size = 32 << 10
	for len(text) > 0 {
		n, err := w.Write([]byte(text[:min(size, len(text))]))
		if err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// raw returns the JSON at a path as the engine wrote it, or absent if path is "".
func raw(data []byte, path, absent string) string {
	if path == "" {
		return absent
	}
	if found := gjson.GetBytes(data, path); found.Raw != "" {
		return found.Raw
	}
	// A parent is null.
	return "null"
}

// items returns the JSON between the brackets of the list at a path.
func items(data []byte, path string) string {
	list := raw(data, path, "[]")
	return list[1 : len(list)-1]
}

var errNoCursor = errors.New("a connection goes on and has no cursor")

// writePages writes one list with the items of all pages, with one page in memory at a time.
func (s *shape) writePages(w *writer, data []byte, vars map[string]any, run run) error {
	before, after, each := s.frame(data)
	list := items(data, each)
	if err := cmp.Or(writeText(w, string(before)), writeText(w, list)); err != nil {
		return err
	}
	some := list != ""
	for gjson.GetBytes(data, s.hasNextPage).Bool() {
		cursor := gjson.GetBytes(data, s.endCursor)
		if cursor.Type != gjson.String {
			return errNoCursor
		}
		vars[afterName] = cursor.Str
		var err error
		if data, err = run(vars); err != nil {
			return err
		}
		if list = items(data, each); list == "" {
			continue
		}
		if some {
			err = writeText(w, ",")
		}
		some = true
		if err := cmp.Or(err, writeText(w, list)); err != nil {
			return err
		}
	}
	_, err := w.Write(after)
	return err
}

// frame returns the JSON before and after the items of the list, and the path of the items in each page. Within a result the
// connection becomes the list of its nodes.
func (s *shape) frame(data []byte) (before, after []byte, each string) {
	before = []byte(`{"jobguid":null,"result":`)
	if s.listed() {
		return append(before, '['), []byte("]}"), s.result
	}
	result, page := gjson.GetBytes(data, s.result), gjson.GetBytes(data, s.connection)
	start, end := page.Index-result.Index, page.Index-result.Index+len(page.Raw)
	if s.wrap {
		before = append(before, '[')
	}
	before = append(before, result.Raw[:start]...)
	if s.hasOtherFields {
		before, after = s.connectionFields(before, page)
	}
	before, after = append(before, '['), append([]byte("]"), after...)
	after = append(after, result.Raw[end:]...)
	if s.wrap {
		after = append(after, ']')
	}
	return before, append(after, '}'), s.nodes
}

// connectionFields begins the object of a connection with all of its fields except page information; the nodes come last.
func (s *shape) connectionFields(before []byte, page gjson.Result) ([]byte, []byte) {
	nodes := s.nodes[len(s.connection)+1:]
	before = append(before, '{')
	page.ForEach(func(key, value gjson.Result) bool {
		if key.String() != nodes && !isBelow(s.connection+"."+key.String(), s.pageInfo) {
			before = append(append(append(append(before, key.Raw...), ':'), value.Raw...), ',')
		}
		return true
	})
	return append(before, `"`+nodes+`":`...), []byte("}")
}
