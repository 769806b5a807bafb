package rest

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/internal/viewer"
)

// TestSurvive: a panic gives an answer of the old API that shows nothing internal, and breaks the connection off if an
// answer has begun.
func TestSurvive(t *testing.T) {
	var log bytes.Buffer
	method := &Method{Name: "list"}
	h := &Handler{
		log:          slog.New(slog.NewTextHandler(&log, nil)),
		services:     map[string]*Service{"s": {Name: "s", byName: map[string]*Method{"list": method}}},
		authenticate: func(*http.Request) (*viewer.Viewer, error) { panic("the innards") },
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Prefix+"s/list", nil))
	if w.Code != http.StatusInternalServerError || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") ||
		!strings.Contains(w.Body.String(), "Internal server error (request ") || strings.Contains(w.Body.String(), "innards") {
		t.Errorf("answered %d %s: %s", w.Code, w.Header(), w.Body)
	}
	if !strings.Contains(log.String(), "the innards") {
		t.Errorf("not logged: %s", log.String())
	}
	broken := func(out *writer, value any) (got any) {
		defer func() { got = recover() }()
		defer h.recoverPanic(out, httptest.NewRequest(http.MethodGet, Prefix, nil))
		panic(value)
	}
	begun := &writer{ResponseWriter: httptest.NewRecorder(), started: true}
	for _, value := range []any{"the innards", http.ErrAbortHandler} {
		if err, ok := broken(begun, value).(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("%v after the beginning: %v", value, err)
		}
	}
}
