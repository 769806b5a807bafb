package xmlrpc

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"cloudapi/internal/fault"
)

// FuzzDecode reads any body as a call: it is read or refused with a fault of the
// caller's, within the limits.
func FuzzDecode(f *testing.F) {
	for _, value := range []string{
		"a", "<string> b </string>", "<int>-1</int>", "<i8>9223372036854775807</i8>", "<boolean>1</boolean>", "<double>1.5e3</double>",
		"<base64>aGk=</base64>", "<dateTime.iso8601>20260102T03:04:05</dateTime.iso8601>", "<nil/>",
		"<array><data><value>1</value></data></array>", "<struct><member><name>a</name><value/></member></struct>", "&lt;&#65;&amp;", "<![CDATA[<]]>",
	} {
		f.Add([]byte("<?xml version='1.0'?><methodCall><methodName>a.b</methodName><params><param><value>" + value + "</value></param></params></methodCall>"))
	}
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><methodCall><methodName>&b;</methodName></methodCall>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		d := newDecoder(bytes.NewReader(body))
		name, err := d.method()
		var values []any
		if err == nil {
			values, err = d.params()
		}
		if err != nil {
			if refused, ok := errors.AsType[*fault.Fault](err); !ok || refused.Code != fault.Invalid || len(refused.Message) > 1000 {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if !utf8.ValidString(name) || d.values > maxValues {
			t.Errorf("%q: name %q, %d values", body, name, d.values)
		}
		bounded(t, values, 0)
	})
}

func bounded(t *testing.T, v any, depth int) {
	if depth > maxDepth {
		t.Fatalf("%d deep", depth)
	}
	switch v := v.(type) {
	case string:
		if len(v) > maxText || !utf8.ValidString(v) {
			t.Errorf("a text of %d bytes: %.100q", len(v), v)
		}
	case []any:
		for _, item := range v {
			bounded(t, item, depth+1)
		}
	case map[string]any:
		for _, item := range v {
			bounded(t, item, depth+1)
		}
	}
}

// FuzzEncode writes any JSON, in pieces of any size, as XML that is well-formed.
func FuzzEncode(f *testing.F) {
	f.Add(`{"jobguid":null,"result":[{"a":"\u0000\"\\","b":[true,false,1,2147483648,-1.5e300,""]},{}]}`)
	f.Add(`"]]>&<\ud800"`)
	f.Add(`true`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		whole, pieces := encoded(t, strings.NewReader(text)), encoded(t, iotest.OneByteReader(strings.NewReader(text)))
		if whole != pieces {
			t.Errorf("%q: %s in pieces, %s as a whole", text, pieces, whole)
		}
		for d := xml.NewDecoder(strings.NewReader(whole)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%q: %v: %s", text, err, whole)
			}
		}
	})
}

func encoded(t *testing.T, r io.Reader) string {
	var out bytes.Buffer
	e := newEncoder(&out)
	piece := make([]byte, 64)
	for {
		n, err := r.Read(piece)
		if _, err := e.Write(piece[:n]); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			break
		}
	}
	if err := e.end(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
