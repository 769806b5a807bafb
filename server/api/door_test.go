package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

const trusted = "https://front.example"

// sent returns a request with headers in pairs.
func sent(method, path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

// TestOtherSites: a request that a browser sends for a page of another site changes nothing and reads nothing, unless that
// site is configured.
func TestOtherSites(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.CORSOrigins = []string{trusted} })
	const (
		asked  = `{"query":"{ customerStatuses }"}`
		create = "/appserver/rest/cloud_api_customer/create?name=Forged"
		list   = "/appserver/rest/cloud_api_customer/list"
		json   = "application/json"
	)
	for name, c := range map[string]struct {
		r    *http.Request
		want int
	}{
		"no browser":                      {sent("POST", "/graphql", asked, "Content-Type", json), 200},
		"own page":                        {sent("POST", "/graphql", asked, "Content-Type", json, "Sec-Fetch-Site", "same-origin"), 200},
		"trusted site":                    {sent("POST", "/graphql", asked, "Content-Type", json, "Sec-Fetch-Site", "cross-site", "Origin", trusted), 200},
		"other site":                      {sent("POST", "/graphql", asked, "Content-Type", json, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"), 403},
		"site of the same name by http":   {sent("POST", "/graphql", asked, "Content-Type", json, "Sec-Fetch-Site", "cross-site", "Origin", "http://front.example"), 403},
		"site with the name in its own":   {sent("POST", "/graphql", asked, "Content-Type", json, "Sec-Fetch-Site", "cross-site", "Origin", trusted+".evil.example"), 403},
		"other site, older browser":       {sent("POST", "/graphql", asked, "Content-Type", json, "Origin", "https://evil.example"), 403},
		"opaque site":                     {sent("POST", "/graphql", asked, "Content-Type", json, "Sec-Fetch-Site", "cross-site", "Origin", "null"), 403},
		"form":                            {sent("POST", "/graphql", "query=%7B__typename%7D", "Content-Type", "application/x-www-form-urlencoded"), 415},
		"form with files":                 {sent("POST", "/graphql", "--x--", "Content-Type", "multipart/form-data; boundary=x"), 415},
		"plain text":                      {sent("POST", "/graphql", asked, "Content-Type", "text/plain"), 415},
		"mutation by GET":                 {sent("GET", "/graphql?query=mutation%7BcreateCustomer(input:%7Bname:%22Forged%22%7D)%7Bcustomer%7Bid%7D%7D%7D", ""), 405},
		"old URL, no browser":             {sent("GET", create, ""), 200},
		"old URL that writes, other site": {sent("GET", create, "", "Sec-Fetch-Site", "cross-site"), 403},
		"old URL that writes, same site":  {sent("GET", create, "", "Sec-Fetch-Site", "same-site"), 403},
		"old URL that writes, a link":     {sent("GET", create, "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"), 403},
		"old URL that writes, typed":      {sent("GET", create, "", "Sec-Fetch-Site", "none"), 200},
		"old URL by POST, other site":     {sent("POST", create, "", "Origin", "https://evil.example"), 403},
		"old URL that writes, page of another host by http": {sent("GET", create, "", "Referer", "http://evil.example/page"), 403},
		"old URL that writes, page of another port":         {sent("GET", create, "", "Referer", "http://example.com:81/page"), 403},
		"old URL by POST, page of another host by http":     {sent("POST", create, "", "Referer", "http://evil.example/page"), 403},
		"old URL that reads, link on another host by http":  {sent("GET", list, "", "Referer", "http://evil.example/page"), 200},
		"old URL that writes, own page by http":             {sent("GET", create, "", "Referer", "http://example.com/playground"), 200},
		"page of another host by http":                      {sent("POST", "/graphql", asked, "Content-Type", json, "Referer", "http://evil.example/page"), 403},
		"WebSocket of another site":                         {sent("GET", "/graphql", "", "Upgrade", "websocket", "Connection", "Upgrade", "Origin", "http://evil.example"), 403},
		"page of the trusted site by its Referer":           {sent("POST", "/graphql", asked, "Content-Type", json, "Referer", trusted+"/page"), 200},
		"old URL that reads, own page":                      {sent("GET", list, "", "Sec-Fetch-Site", "same-origin"), 200},
	} {
		answer := a.Do(c.r, apitest.Administrator)
		if answer.Status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, answer.Status, c.want, answer.Body)
		}
	}
	if n := strings.Count(a.Get(apitest.Administrator, "cloud_api_customer/list").Body, "Forged"); n != 3 {
		t.Errorf("%d customers were made, want 3: by no browser, by hand and by the own page", n)
	}
}

// TestCORS: only the configured origins can read answers.
func TestCORS(t *testing.T) {
	preflight := []string{"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type"}
	for _, c := range []struct {
		configured []string
		origin     string
		allowed    string
	}{
		{nil, trusted, ""},
		{[]string{trusted}, trusted, trusted},
		{[]string{trusted}, "https://evil.example", ""},
		{[]string{trusted}, "http://front.example", ""},
		{[]string{trusted}, trusted + ":8443", ""},
		{[]string{trusted}, "https://FRONT.example", ""},
		{[]string{trusted}, "null", ""},
	} {
		a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.CORSOrigins = c.configured })
		for _, r := range []*http.Request{
			sent("OPTIONS", "/graphql", "", append(preflight, "Origin", c.origin)...),
			sent("POST", "/graphql", `{"query":"{ __typename }"}`, "Content-Type", "application/json", "Origin", c.origin),
		} {
			h := a.Do(r, apitest.Administrator).Header
			if got := h.Get("Access-Control-Allow-Origin"); got != c.allowed {
				t.Errorf("%v, %s from %s: allowed %q, want %q", c.configured, r.Method, c.origin, got, c.allowed)
			}
			if h.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials of the browser are allowed")
			}
			if c.configured != nil && !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
				t.Errorf("%s from %s: Vary is %q", r.Method, c.origin, h.Values("Vary"))
			}
		}
	}
}

// TestCORSHeaders: scripts of allowed origins may send the headers of Apollo Client and OpenTelemetry, and read the headers
// about retries.
func TestCORSHeaders(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.CORSOrigins = []string{trusted} })
	allowed := a.Do(sent("OPTIONS", "/graphql", "", "Origin", trusted, "Access-Control-Request-Method", "POST"), "").Header
	answered := a.Do(sent("POST", "/graphql", `{"query":"{ __typename }"}`, "Content-Type", "application/json", "Origin", trusted), apitest.Member).Header
	for header, names := range map[string]string{
		allowed.Get("Access-Control-Allow-Headers"):   "authorization content-type idempotency-key last-event-id traceparent tracestate baggage apollographql-client-name apollographql-client-version x-apollo-operation-name",
		answered.Get("Access-Control-Expose-Headers"): "ratelimit ratelimit-policy retry-after www-authenticate x-request-id",
	} {
		listed := strings.Split(strings.ToLower(header), ", ")
		for name := range strings.FieldsSeq(names) {
			if !slices.Contains(listed, name) {
				t.Errorf("%s is not in %q", name, header)
			}
		}
	}
}

// TestEveryAnswerIsGuarded: each answer has the headers that prevent browsers from interpreting it in other ways.
func TestEveryAnswerIsGuarded(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	for _, path := range []string{
		"/", "/graphql?query=%7B__typename%7D", "/playground", "/appserver/rest/cloud_api_customer/list", "/healthz", "/readyz",
		"/metrics", "/nowhere", "/appserver/rest/none/none", "/graphql",
	} {
		h := a.Do(sent("GET", path, ""), apitest.Administrator).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, h.Get(name), want)
			}
		}
		if h.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", path)
		}
	}
}

// TestTheSchemaIsForThoseWhoMayAsk: a viewer who may not introspect gets neither the schema nor suggestions in errors.
func TestTheSchemaIsForThoseWhoMayAsk(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) {
		o.Introspect = func(v *viewer.Viewer) bool { return v.May(viewer.Administrator) }
	})
	for _, query := range []string{
		"{ custommer(id: 1) { id } }", "{ customers { nodes { naame } } }", "{ customers(frist: 1) { totalCount } }",
		"{ customers { nodes } }", "{ ... on Costumer { id } }", "{ customers(where: {naame: 1}) { totalCount } }",
		"{ customers(orderBy: {field: NAMES}) { totalCount } }", "query ($a: Strin) { __typename }",
		"{ __schema { types { name } } }", `{ a: __type(name: "Customer") { fields { name } } }`,
		"{ ...f } fragment f on Query { __schema { types { name } } }",
	} {
		for login, may := range map[string]bool{apitest.Administrator: true, apitest.Member: false} {
			answer := a.Query(login, query, nil)
			if strings.Contains(answer.Body, "Did you mean") && !may {
				t.Errorf("%s for %s: %s", query, login, answer.Body)
			}
			if strings.Contains(query, "__") && !strings.Contains(query, "__typename") && may != (answer.Status == http.StatusOK) {
				t.Errorf("%s for %s: %d %s", query, login, answer.Status, answer.Body)
			}
		}
	}
	if answer := a.Query(apitest.Administrator, "{ custommer(id: 1) { id } }", nil); !strings.Contains(answer.Body, "Did you mean") {
		t.Errorf("no suggestion for who may see the schema: %s", answer.Body)
	}
}

// TestLogsSayLittle: the log of a request has only what is needed to find it.
func TestLogsSayLittle(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	const marked = "m4rked"
	a.Get(apitest.Administrator, "cloud_api_customer/create?name="+marked)
	a.Get(apitest.Administrator, marked+"/"+marked+"?"+marked)
	a.Do(sent("POST", "/appserver/rest/cloud_api_customer/create", "name="+marked, "Content-Type", "application/x-www-form-urlencoded"), apitest.Administrator)
	a.Query(apitest.Administrator, "mutation ($n: String!) { createCustomer(input: {name: $n}) { customer { id } } }", map[string]any{"n": marked})
	a.Query(apitest.Administrator, `{ customers(where: {name: "`+marked+`"}) { totalCount } }`, nil)
	a.Query(apitest.Administrator, "{ "+marked+" }", nil)
	a.Do(sent("POST", "/graphql", `{"`+marked, "Content-Type", "application/json"), apitest.Administrator)
	a.Do(sent("GET", "/graphql?query="+marked, "", "Authorization", "Bearer "+marked, "X-Marked", marked), "")
	log := a.Log.String()
	for _, line := range strings.Split(log, "\n") {
		if strings.Contains(strings.ReplaceAll(line, "path=/appserver/rest/"+marked+"/"+marked+" ", ""), marked) {
			t.Errorf("logged: %s", line)
		}
	}
	for _, has := range []string{"path=/graphql", "user=" + apitest.Administrator, "operation=cloud_api_customer.create", "status=401", "cost="} {
		if !strings.Contains(log, has) {
			t.Errorf("the log has no %s", has)
		}
	}
}

// TestOtherSitesAreNamed: the error says that another site sent the call, and which header shows it (CONTRACT.md, 1).
func TestOtherSitesAreNamed(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	const create = "/appserver/rest/cloud_api_customer/create?name=Forged"
	for header, value := range map[string]string{
		"Referer": "http://evil.example/", "Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site",
	} {
		answer := a.Do(sent("GET", create, "", header, value), apitest.Administrator)
		for _, want := range []string{`"code":9001`, `"message":"Authorization Failed"`, "page of another site", "header " + header} {
			if answer.Status != http.StatusForbidden || !strings.Contains(answer.Body, want) {
				t.Errorf("%s: %d %s, want %s", header, answer.Status, answer.Body, want)
			}
		}
		// Credentials are checked first: a request without any gets no details.
		if answer := a.Do(sent("GET", create, "", header, value), ""); answer.Status != http.StatusUnauthorized {
			t.Errorf("%s without credentials: %d %s", header, answer.Status, answer.Body)
		}
	}
}

// TestChangesOverHTTPS: if changes need HTTPS, both faces reject them over plain HTTP, and reads still work.
func TestChangesOverHTTPS(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) {
		o.RequireHTTPSForChanges = true
		o.Addresses.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")} // the address of httptest's requests
	})
	const (
		create = "/appserver/rest/cloud_api_customer/create?name=Plain"
		list   = "/appserver/rest/cloud_api_customer/list"
		change = `{"query":"mutation { createCustomer(input: {name: \"Plain\"}) { customer { id } } }"}`
		read   = `{"query":"{ customerStatuses }"}`
	)
	graphQL := func(body string, headers ...string) *http.Request {
		return sent("POST", "/graphql", body, append([]string{"Content-Type", "application/json", "Accept", "application/graphql-response+json"}, headers...)...)
	}
	for name, c := range map[string]struct {
		r    *http.Request
		want int
	}{
		"old URL that writes":              {sent("GET", create, ""), 403},
		"old URL that writes, by a proxy":  {sent("GET", create, "", "X-Forwarded-Proto", "https"), 200},
		"the proxy's word is the last":     {sent("GET", create, "", "X-Forwarded-Proto", "https, http"), 403},
		"old URL that reads":               {sent("GET", list, ""), 200},
		"mutation":                         {graphQL(change), 403},
		"mutation by a proxy":              {graphQL(change, "X-Forwarded-Proto", "https"), 200},
		"query":                            {graphQL(read), 200},
		"sign-in: a password in the clear": {graphQL(`{"query":"mutation { signIn(input: {login: \"ada\", password: \"x\"}) { token } }"}`), 403},
	} {
		if answer := a.Do(c.r, apitest.Administrator); answer.Status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, answer.Status, c.want, answer.Body)
		}
	}
	r := sent("GET", create, "", "X-Forwarded-Proto", "https")
	r.RemoteAddr = "198.51.100.7:1234"
	if answer := a.Do(r, apitest.Administrator); answer.Status != http.StatusForbidden || !strings.Contains(answer.Body, "HTTPS") {
		t.Errorf("who is no proxy: %d %s", answer.Status, answer.Body)
	}
}
