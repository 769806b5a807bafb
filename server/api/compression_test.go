package api_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/compression"
)

// large is repeated to more than compression.MinSize bytes.
const large = "a description that is repeated: "

// compressionAPI returns an API with a large customer and a trusted origin.
func compressionAPI(t *testing.T, with ...func(*api.Options)) *apitest.API {
	t.Helper()
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", append(with, func(o *api.Options) { o.CORSOrigins = []string{trusted} })...)
	for range 40 {
		a.Customer(t, large+"a name")
	}
	return a
}

// TestWhatIsCompressed: large answers without a secret are compressed in the caller's preferred coding. Requests of pages of
// other sites, changes, and answers that quote their caller never are.
func TestWhatIsCompressed(t *testing.T) {
	a := compressionAPI(t)
	const (
		post, json = http.MethodPost, "application/json"
		list       = "/appserver/rest/cloud_api_customer/find"
		names      = `{"query":"{ customers { nodes { id name } } }"}`
		byGET      = "/graphql?query=%7Bcustomers%7Bnodes%7Bid,name%7D%7D%7D"
	)
	customer := a.Customer(t, "changed")
	change := fmt.Sprintf(`{"query":"mutation { updateCustomer(input: {customerId: \"%s\", description: \"%s\"}) { customer { description } } }"}`,
		customer, strings.Repeat(large, 100))
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		want               string
	}{
		"a query":                            {post, "/graphql", names, []string{"Accept-Encoding", "gzip, deflate"}, "gzip"},
		"a query of a browser":               {post, "/graphql", names, []string{"Accept-Encoding", "gzip, deflate, br, zstd"}, "gzip"},
		"zstd is preferred":                  {post, "/graphql", names, []string{"Accept-Encoding", "gzip;q=0.5, zstd"}, "zstd"},
		"zstd alone":                         {post, "/graphql", names, []string{"Accept-Encoding", "zstd"}, "zstd"},
		"neither is known":                   {post, "/graphql", names, []string{"Accept-Encoding", "br"}, ""},
		"gzip is refused":                    {post, "/graphql", names, []string{"Accept-Encoding", "gzip;q=0"}, ""},
		"nothing is accepted":                {post, "/graphql", names, nil, ""},
		"a query by GET":                     {"GET", byGET, "", []string{"Accept-Encoding", "gzip"}, "gzip"},
		"a small answer":                     {post, "/graphql", `{"query":"{ __typename }"}`, []string{"Accept-Encoding", "gzip"}, ""},
		"a change":                           {post, "/graphql", change, []string{"Accept-Encoding", "gzip"}, ""},
		"an answer with an error":            {post, "/graphql", `{"query":"{ customers { nodes { id name } } node(id: \"x\") { id } }"}`, []string{"Accept-Encoding", "gzip"}, ""},
		"a page of another site":             {"GET", byGET, "", []string{"Accept-Encoding", "gzip", "Sec-Fetch-Site", "cross-site"}, ""},
		"a link on another site by http":     {"GET", byGET, "", []string{"Accept-Encoding", "gzip", "Referer", "http://evil.example/"}, ""},
		"a page of the trusted site":         {post, "/graphql", names, []string{"Accept-Encoding", "gzip", "Origin", trusted}, "gzip"},
		"events of a query":                  {post, "/graphql", names, []string{"Accept-Encoding", "gzip, zstd", "Accept", "text/event-stream"}, "gzip"},
		"an old list":                        {"GET", list, "", []string{"Accept-Encoding", "gzip"}, "gzip"},
		"an old list, in a page of its own":  {"GET", list, "", []string{"Accept-Encoding", "gzip", "Sec-Fetch-Site", "none"}, "gzip"},
		"an old list, linked by another":     {"GET", list, "", []string{"Accept-Encoding", "gzip", "Referer", "http://evil.example/"}, ""},
		"an old URL that changes":            {"GET", "/appserver/rest/cloud_api_customer/create?name=x", "", []string{"Accept-Encoding", "gzip"}, ""},
		"an old list by XML-RPC":             {post, "/appserver/xmlrpc/", "<methodCall><methodName>cloud_api_customer.find</methodName></methodCall>", []string{"Accept-Encoding", "gzip", "Content-Type", "text/xml"}, "gzip"},
		"the schema":                         {"GET", "/schema.graphql", "", []string{"Accept-Encoding", "gzip"}, "gzip"},
		"the metrics, which are not allowed": {"GET", "/metrics", "", []string{"Accept-Encoding", "br"}, ""},
	} {
		headers := append([]string{"Content-Type", json}, c.headers...)
		plain := a.Do(sent(c.method, c.path, c.body, append(headers, "Accept-Encoding", "")...), apitest.Administrator)
		got := a.Do(sent(c.method, c.path, c.body, headers...), apitest.Administrator)
		if short := name == "a small answer" || name == "an old URL that changes"; !short && len(plain.Body) < compression.MinSize {
			t.Errorf("%s: has %d bytes only: %s", name, len(plain.Body), plain.Body)
		}
		if coding := got.Header.Get("Content-Encoding"); coding != c.want {
			t.Errorf("%s: Content-Encoding is %q, want %q: %d %.200s", name, coding, c.want, got.Status, got.Body)
			continue
		}
		if got.Status != plain.Status || len(got.Header.Values("No-Gzip-Compression")) > 0 {
			t.Errorf("%s: %d, without compression %d; %v", name, got.Status, plain.Status, got.Header)
		}
		if c.want != "" && (decoded(t, got) != plain.Body || got.Header.Get("Content-Length") != "" || len(got.Body) > len(plain.Body)/2) {
			t.Errorf("%s: %d bytes for %d, Content-Length %q", name, len(got.Body), len(plain.Body), got.Header.Get("Content-Length"))
		}
		if c.want != "" && !strings.Contains(strings.Join(got.Header.Values("Vary"), ", "), "Accept-Encoding") {
			t.Errorf("%s: Vary is %q", name, got.Header.Values("Vary"))
		}
	}
}

func decoded(t *testing.T, answer apitest.Answer) string {
	t.Helper()
	var r io.Reader
	var err error
	if answer.Header.Get("Content-Encoding") == "zstd" {
		r, err = zstd.NewReader(strings.NewReader(answer.Body))
	} else {
		r, err = gzip.NewReader(strings.NewReader(answer.Body))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestCompressionCanBeTurnedOff: for a proxy that compresses instead.
func TestCompressionCanBeTurnedOff(t *testing.T) {
	a := compressionAPI(t, func(o *api.Options) { o.NoCompression = true })
	answer := a.Do(sent("GET", "/appserver/rest/cloud_api_customer/find", "", "Accept-Encoding", "gzip"), apitest.Administrator)
	if answer.Header.Get("Content-Encoding") != "" || !strings.Contains(answer.Body, `"result"`) {
		t.Errorf("%v: %.100s", answer.Header, answer.Body)
	}
}

// TestCompressedStreamIsNotHeldBack: each event arrives when it is sent.
func TestCompressedStreamIsNotHeldBack(t *testing.T) {
	a := compressionAPI(t)
	url := listen(t, a)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql",
		strings.NewReader(`{"query":"subscription { changes { cursor customer { name } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "gzip", "Authorization": basic(apitest.Administrator),
	} {
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("the stream is not compressed: %v", answer.Header)
	}
	events, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen, part := "", make([]byte, 4096)
	for i := range 3 {
		name := fmt.Sprintf("%s%d", large, i)
		a.Customer(t, name)
		for !strings.Contains(seen, name) {
			n, err := events.Read(part)
			if err != nil {
				t.Fatalf("%v after %q", err, seen)
			}
			seen += string(part[:n])
		}
	}
}
