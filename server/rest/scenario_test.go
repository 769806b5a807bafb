package rest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"golang.org/x/tools/txtar"

	"cloudapi/server/api/apitest"
)

// step is a request and its expected answer.
type step struct {
	title string
	// again repeats the request until the answer matches: jobs run in the background.
	again   bool
	request string
	answers []txtar.File
}

// maxRepeat is how long a step is repeated.
const maxRepeat = 30 * time.Second

func parseSteps(archive *txtar.Archive) ([]step, error) {
	var steps []step
	for _, f := range archive.Files {
		kind, title, _ := strings.Cut(f.Name, ": ")
		switch {
		case kind == "request", kind == "until":
			steps = append(steps, step{title: title, again: kind == "until", request: string(f.Data)})
		case len(steps) > 0 && (kind == "answer" || kind == "data" || kind == "result" || kind == "thrift"):
			last := &steps[len(steps)-1]
			last.answers = append(last.answers, txtar.File{Name: kind, Data: f.Data})
		default:
			return nil, fmt.Errorf("what is the section %q?", f.Name)
		}
	}
	for _, s := range steps {
		if len(s.answers) == 0 {
			return nil, fmt.Errorf("%q has no answer", s.title)
		}
	}
	return steps, nil
}

func play(t *testing.T, handler http.Handler, steps []step) {
	known := values{}
	for _, s := range steps {
		deadline := time.Now().Add(maxRepeat)
		for {
			got := send(t, handler, known.fill(s.request))
			err := s.check(got, known)
			if err == nil {
				break
			}
			if !s.again || time.Now().After(deadline) {
				t.Fatalf("%s:\n%v", s.title, err)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// check compares an answer with all expectations.
func (s *step) check(got *httptest.ResponseRecorder, known values) error {
	for _, want := range s.answers {
		text := strings.TrimSuffix(string(want.Data), "\n")
		var err error
		switch want.Name {
		case "answer":
			err = checkAnswer(got, text, known)
		case "data":
			err = known.match(text, gjson.GetBytes(got.Body.Bytes(), "data").Raw)
		case "result":
			err = checkResult(got, text, known)
		case "thrift":
			err = checkThrift(got, text, known)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkAnswer compares the status, the named headers, and the body, if an empty line precedes it.
func checkAnswer(got *httptest.ResponseRecorder, want string, known values) error {
	head, body, whole := strings.Cut(want, "\n\n")
	lines := strings.Split(head, "\n")
	if status := fmt.Sprint(got.Code); status != lines[0] {
		return fmt.Errorf("status %s, want %s\nbody %s", status, lines[0], got.Body)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		all := strings.Join(got.Header().Values(name), ", ")
		if err := known.match(strings.TrimSpace(value), all); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	if !whole {
		return nil
	}
	return known.match(body, cost.ReplaceAllString(got.Body.String(), ""))
}

// cost matches the cost in a GraphQL answer, which no scenario tests.
var cost = regexp.MustCompile(`,"extensions":\{"cost":\{[^}]*\}\}`)

// send makes the request in a text. Lines of a multipart body end with CRLF, as RFC 2046 requires.
func send(t *testing.T, handler http.Handler, text string) *httptest.ResponseRecorder {
	t.Helper()
	head, body, _ := strings.Cut(strings.TrimSuffix(text, "\n"), "\n\n")
	line, rest, _ := strings.Cut(head, "\n")
	fields, err := textproto.NewReader(bufio.NewReader(strings.NewReader(rest + "\r\n\r\n"))).ReadMIMEHeader()
	if err != nil {
		t.Fatalf("headers of %s: %v", line, err)
	}
	if strings.HasPrefix(fields.Get("Content-Type"), "multipart/") {
		body = strings.ReplaceAll(body, "\n", "\r\n")
	}
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s HTTP/1.1\r\nHost: api.example\r\nContent-Length: %d\r\n\r\n%s", line, len(body), body)
	r, err := http.ReadRequest(bufio.NewReader(&raw))
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	r.RemoteAddr = "192.0.2.1:1234"
	signIn(r, fields)
	for name, list := range fields {
		r.Header[name] = list
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r.WithContext(t.Context()))
	if r.Method == http.MethodHead {
		// A server would not send the rest of the body.
		_, _ = io.Copy(io.Discard, w.Body)
	}
	return w
}

// signIn applies the line `As: login` or `As: login:password`; the default is the administrator. `As:` alone means no
// credentials.
func signIn(r *http.Request, fields textproto.MIMEHeader) {
	who := apitest.Administrator
	if given, ok := fields["As"]; ok {
		who = given[0]
		fields.Del("As")
	}
	if login, password, ok := strings.Cut(who, ":"); ok {
		r.SetBasicAuth(login, password)
	} else if who != "" {
		r.SetBasicAuth(who, apitest.Password)
	}
}
