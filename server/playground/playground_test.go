package playground_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"cloudapi/internal/viewer"
	"cloudapi/server/playground"
)

func get(t *testing.T, path string, headers ...string) *http.Response {
	t.Helper()
	return getAs(t, &viewer.Viewer{Login: "ada"}, path, headers...)
}

// getAs gets a path as a viewer, nil for a request without credentials.
func getAs(t *testing.T, v *viewer.Viewer, path string, headers ...string) *http.Response {
	t.Helper()
	h, err := playground.New(playground.Options{Challenge: func(h http.Header) { h.Set("WWW-Authenticate", "Basic") }})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if v != nil {
		r = r.WithContext(viewer.NewContext(r.Context(), v))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var loaded = regexp.MustCompile(`(?:src|href)="(/[^"]*)"`)

func TestWhatThePageLoadsIsThereAndKeptForever(t *testing.T) {
	page := text(t, get(t, "/playground").Body)
	addresses := loaded.FindAllStringSubmatch(page, -1)
	if len(addresses) != 8 {
		t.Fatalf("the page loads %d files, not 8:\n%s", len(addresses), page)
	}
	for _, address := range addresses {
		plain := get(t, address[1])
		small := get(t, address[1], "Accept-Encoding", "br;q=1, gzip;q=0.5")
		if plain.StatusCode != http.StatusOK || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") {
			t.Fatalf("%s: %d %v", address[1], plain.StatusCode, plain.Header)
		}
		unpacked, err := gzip.NewReader(small.Body)
		if err != nil {
			t.Fatalf("%s: %v", address[1], err)
		}
		if text(t, unpacked) != text(t, plain.Body) {
			t.Errorf("%s: compressed, it is another file", address[1])
		}
		if plain.Header.Get("ETag") == small.Header.Get("ETag") {
			t.Errorf("%s: one tag for two encodings", address[1])
		}
	}
}

func TestThePageIsAskedForAgainAndSpared(t *testing.T) {
	first := get(t, "/playground")
	if got := first.Header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control: %s", got)
	}
	again := get(t, "/playground", "If-None-Match", first.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("known to the browser, and sent again: %d", again.StatusCode)
	}
}

func TestCompressionIsTheBrowsersChoice(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "", "gzip": "gzip", "GZIP": "gzip", "deflate, gzip, br": "gzip", "*": "gzip",
		"gzip;q=0": "", "gzip; q=0.000": "", "gzip;q=0.001": "gzip", "br": "", "identity": "", "gzip;q=x": "",
	} {
		got := get(t, "/playground", "Accept-Encoding", accepted).Header.Get("Content-Encoding")
		if got != want {
			t.Errorf("Accept-Encoding %q: got %q, want %q", accepted, got, want)
		}
	}
}

func TestEveryAnswerIsUnderThePolicy(t *testing.T) {
	for _, path := range []string{"/playground", "/playground/", "/playground/start.json", "/playground/none"} {
		policy := get(t, path).Header.Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s: no %s in %q", path, directive, policy)
			}
		}
	}
}

func TestTheScriptsAreThosePublished(t *testing.T) {
	list, err := os.ReadFile("SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ./")
		sums[name] = sum
	}
	entries, err := os.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		content, err := os.ReadFile("assets/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(content)); got != sums[entry.Name()] {
			t.Errorf("%s is not what fetch.sh fetched: its sum is %s", entry.Name(), got)
		}
	}
}

func TestWithoutCredentialsThereIsTheFormAndNoExample(t *testing.T) {
	page := getAs(t, nil, "/playground")
	if body := text(t, page.Body); page.StatusCode != http.StatusUnauthorized || page.Header.Get("WWW-Authenticate") == "" ||
		!strings.Contains(body, "signed-out") {
		t.Errorf("%d %v\n%s", page.StatusCode, page.Header, body)
	}
	start := getAs(t, nil, "/playground/start.json")
	if body := text(t, start.Body); start.StatusCode != http.StatusUnauthorized || strings.Contains(body, "mutation") {
		t.Errorf("%d\n%s", start.StatusCode, body)
	}
}

// TestNothingIsFilledInOnARealServer: without demo data no example has a variable
// or a setup that changes something.
func TestNothingIsFilledInOnARealServer(t *testing.T) {
	var start struct {
		Demo     bool
		Examples []playground.Example
	}
	if err := json.NewDecoder(get(t, "/playground/start.json").Body).Decode(&start); err != nil {
		t.Fatal(err)
	}
	if start.Demo || len(start.Examples) == 0 {
		t.Fatalf("%+v", start)
	}
	for _, e := range start.Examples {
		if strings.Contains(e.Query, "mutation ") && (e.Variables != "" || regexp.MustCompile(`=[^&]`).MatchString(e.URL)) {
			t.Errorf("%s can change something at a click: %+v", e.Title, e)
		}
		if strings.Contains(e.Setup, "mutation") {
			t.Errorf("%s makes something: %s", e.Title, e.Setup)
		}
	}
}
