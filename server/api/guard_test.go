package api

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestGuardSurvives: a panic gives an error in GraphQL's form; only the log has the details.
func TestGuardSurvives(t *testing.T) {
	var log bytes.Buffer
	broken := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the innards") })
	w := httptest.NewRecorder()
	guard(slog.New(slog.NewTextHandler(&log, nil)), time.Minute, MaxBody, broken).
		ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/graphql", nil))
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if w.Code != http.StatusInternalServerError || len(answer.Errors) != 1 || answer.Errors[0].Extensions.Code != "INTERNAL" ||
		!strings.HasPrefix(answer.Errors[0].Message, "Internal server error (request ") || strings.Contains(w.Body.String(), "innards") {
		t.Errorf("answered %d: %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "the innards") {
		t.Errorf("not logged: %s", log.String())
	}
}
