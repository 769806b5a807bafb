package rest

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"cloudapi/internal/fault"
)

// FuzzArguments decodes any query string and body as the arguments of every method. An error must be a fault, and a result
// must fit the variables of the operation.
func FuzzArguments(f *testing.F) {
	services, err := load(newEngine())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []struct{ query, media, body string }{
		{"name=a+b%20c&status=ACTIVE", "", ""},
		{"customerguid=%2222544B07-4129-47b1-8690-b92c0db21434%22", "", ""},
		{"amount=1000", "application/x-www-form-urlencoded", "capacityunittype=CU&customerguid=22544b07-4129-47b1-8690-b92c0db21434"},
		{`executionparams={"maxduration":"1.5","x":[1,{"y":null}]}`, "", ""},
		{"name=%ff%00&name=%22\\ud800%22", "", ""},
		{"", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nx\r\n--b--\r\n"},
	} {
		f.Add(seed.query, seed.media, seed.body)
	}
	f.Fuzz(func(t *testing.T, query, media, body string) {
		for _, s := range services {
			for _, m := range s.Methods {
				decode(t, m, query, media, body)
			}
		}
	})
}

func decode(t *testing.T, m *Method, query, media, body string) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Content-Type", media)
	given, err := m.readArguments(r)
	var vars map[string]any
	if err == nil {
		vars, err = m.variables(given)
	}
	if err != nil {
		refused(t, m, err)
		return
	}
	for _, p := range m.Parameters {
		taken(t, p, given[p.Name], vars[p.Name])
	}
	// The JSON is stored with an Idempotency-Key.
	if _, err := json.Marshal(vars); err != nil {
		t.Errorf("%s: %v", m.Name, err)
	}
}

func refused(t *testing.T, m *Method, err error) {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok || f.Code != fault.Invalid {
		t.Fatalf("%s: %v is no fault of the caller's", m.Name, err)
	}
	if text := m.message(f); text == "" || len(text) > 1000 {
		t.Errorf("%s: a person is told %q", m.Name, text)
	}
}

func taken(t *testing.T, p *Parameter, given string, value any) {
	switch v := value.(type) {
	case nil:
		if p.Required {
			t.Errorf("%s is required, and %q was taken", p.Name, given)
		}
	case json.Number:
		if !integer.MatchString(v.String()) {
			t.Errorf("%s=%q became the number %s", p.Name, given, v)
		}
	case string:
		if v == "" || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			t.Errorf("%s=%q became the text %q", p.Name, given, v)
		}
		if p.Type == "ID" && (len(v) != 36 || v != strings.ToLower(v)) {
			t.Errorf("%s=%q became the guid %q", p.Name, given, v)
		}
	case map[string]any:
		if !p.Structured() {
			t.Errorf("%s=%q became a dictionary", p.Name, given)
		}
	default:
		t.Errorf("%s=%q became a %T", p.Name, given, v)
	}
}
