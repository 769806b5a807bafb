package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
)

// run executes the operation of a method and returns its data.
type run func(vars map[string]any) (json.RawMessage, error)

// writer remembers whether an answer has begun: until then a failure can still
// be told.
type writer struct {
	http.ResponseWriter
	begun bool
}

// Write begins the answer with its headers.
func (w *writer) Write(p []byte) (int, error) {
	if !w.begun {
		w.begun = true
		headers(w.Header())
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

func headers(h http.Header) {
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
}

// answer runs a method and writes what comes of it.
func (m *Method) answer(w *writer, vars map[string]any, run run) error {
	data, err := run(vars)
	if err != nil {
		return err
	}
	if m.page == nil {
		return m.whole(w, data)
	}
	if len(m.result) > len(m.page) {
		return m.stream(w, data, vars, run)
	}
	return m.collect(w, data, vars, run)
}

// whole writes an answer that comes at once.
func (m *Method) whole(w *writer, data json.RawMessage) error {
	job, result := json.RawMessage("null"), json.RawMessage("true")
	if m.job != nil {
		job = dig(data, m.job)
	}
	if m.result != nil {
		result = dig(data, m.result)
	}
	if m.wrap {
		result = bytes.Join([][]byte{[]byte("["), result, []byte("]")}, nil)
	}
	_, err := w.Write(bytes.Join([][]byte{[]byte(`{"jobguid":`), job, []byte(`,"result":`), result, []byte("}")}, nil))
	return err
}

// pageInfo is what tells whether a connection goes on.
type pageInfo struct {
	PageInfo struct {
		HasNextPage bool    `json:"hasNextPage"`
		EndCursor   *string `json:"endCursor"`
	} `json:"pageInfo"`
}

var errNoCursor = errors.New("a connection goes on and has no cursor")

// pages calls each with the data of every page, from the first, which is there.
func (m *Method) pages(data json.RawMessage, vars map[string]any, run run, each func(json.RawMessage) error) error {
	for {
		if err := each(data); err != nil {
			return err
		}
		var info pageInfo
		if err := json.Unmarshal(dig(data, m.page), &info); err != nil {
			return err
		}
		if !info.PageInfo.HasNextPage {
			return nil
		}
		if info.PageInfo.EndCursor == nil {
			return errNoCursor
		}
		vars[afterName] = *info.PageInfo.EndCursor
		var err error
		if data, err = run(vars); err != nil {
			return err
		}
	}
}

// stream writes one array of the results of all pages, a page at a time.
func (m *Method) stream(w *writer, data json.RawMessage, vars map[string]any, run run) error {
	first := true
	err := m.pages(data, vars, run, func(page json.RawMessage) error {
		items := bytes.TrimSuffix(bytes.TrimPrefix(dig(page, m.result), []byte("[")), []byte("]"))
		lead := `{"jobguid":null,"result":[`
		switch {
		case !first && len(items) == 0:
			return nil
		case !first:
			lead = ","
		}
		first = false
		_, err := w.Write(append([]byte(lead), items...))
		return err
	})
	if err != nil {
		return err
	}
	_, err = w.Write([]byte("]}"))
	return err
}

// collect writes a result with a list inside that may have several pages.
func (m *Method) collect(w *writer, data json.RawMessage, vars map[string]any, run run) error {
	var nodes [][]byte
	err := m.pages(data, vars, run, func(page json.RawMessage) error {
		items := dig(page, append(m.page[:len(m.page):len(m.page)], "nodes"))
		if items = bytes.TrimSuffix(bytes.TrimPrefix(items, []byte("[")), []byte("]")); len(items) > 0 {
			nodes = append(nodes, items)
		}
		return nil
	})
	if err != nil {
		return err
	}
	list := bytes.Join([][]byte{[]byte("["), bytes.Join(nodes, []byte(",")), []byte("]")}, nil)
	whole, err := replace(data, m.page, list)
	if err != nil {
		return err
	}
	return m.whole(w, whole)
}
