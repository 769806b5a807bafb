package openapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"cloudapi/internal/password"
	"cloudapi/internal/transfer"
	"cloudapi/server/api/apitest"
)

// cut closes a connection after a number of bytes of its answer, as the server does if a later page fails.
type cut struct {
	http.ResponseWriter
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return c.ResponseWriter.Write(p)
}

// TestBrokenOff runs the examples of docs/rest.md with a complete list and with one that is broken off.
func TestBrokenOff(t *testing.T) {
	const customers = 1200
	a := apitest.New(t, "sqlite://:memory:")
	loadLines(t, a, func(out *strings.Builder) {
		for i := range customers {
			fmt.Fprintf(out, `{"type":"customer","guid":"22544b07-4129-47b1-8690-%012d","name":"Customer %d","status":"ACTIVE"}`+"\n", i, i)
		}
	})
	left := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.Handler.ServeHTTP(&cut{w, left}, r)
	}))
	defer server.Close()
	for _, c := range []struct {
		left        int
		curl, other string
	}{
		{1 << 30, "", fmt.Sprint(customers, " customers")},
		{2000, "no list: exit status 18", "broken off"},
	} {
		left = c.left
		for language, command := range map[string][]string{"sh": {"sh", "-c"}, "python": {"python3", "-c"}, "js": {"node", "--input-type=module", "-e"}} {
			code := strings.NewReplacer("http://localhost:8080", server.URL, "ada:secret", apitest.Administrator+":"+apitest.Password,
				"--user ada:secret", "--user '"+apitest.Administrator+":"+apitest.Password+"'").Replace(block(t, language))
			run := exec.CommandContext(t.Context(), command[0], append(command[1:], code)...)
			run.Dir = t.TempDir()
			out, err := run.CombinedOutput()
			want := c.other
			if language == "sh" {
				want = c.curl
			}
			if err != nil || !strings.HasPrefix(string(out), want) || want == "" && len(out) > 0 {
				t.Errorf("%s: %q, %v; want %q", language, out, err, want)
			}
		}
	}
}

// block returns the example in a language.
func block(t *testing.T, language string) string {
	t.Helper()
	_, rest, found := strings.Cut(preface, "```"+language+"\n")
	code, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatalf("no example in %s", language)
	}
	return code
}

// loadLines loads objects as an import does.
func loadLines(t *testing.T, a *apitest.API, write func(*strings.Builder)) {
	t.Helper()
	var text strings.Builder
	write(&text)
	counts, err := transfer.Load(t.Context(), transfer.Lines{Name: "lines", In: strings.NewReader(text.String())}, transfer.Options{
		Client: a.Client, Dialect: a.Store.Dialect(), Source: "test", Passwords: password.NewHasher(password.Recommended(), 1),
		Report: func(e transfer.Entry) { t.Errorf("%+v", e) },
	})
	if err != nil || !counts.Clean() {
		t.Fatal(err)
	}
}
