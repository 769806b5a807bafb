package xmlrpc_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
	"cloudapi/server/xmlrpc"
)

// body is a call with values that are XML.
func body(method string, values ...string) string {
	var b strings.Builder
	b.WriteString("<?xml version='1.0'?>\n<methodCall>\n<methodName>" + method + "</methodName>\n<params>\n")
	for _, v := range values {
		b.WriteString("<param>\n<value>" + v + "</value>\n</param>\n")
	}
	b.WriteString("</params>\n</methodCall>\n")
	return b.String()
}

// post sends a body; the headers come in pairs.
func post(a *apitest.API, login, body string, headers ...string) apitest.Answer {
	r := httptest.NewRequest("POST", xmlrpc.Prefix, strings.NewReader(body))
	r.Header.Set("Content-Type", "text/xml")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return a.Do(r, login)
}

func member(name, value string) string {
	return "<member><name>" + name + "</name><value>" + value + "</value></member>"
}

func faulted(code int, text string) string {
	return "<fault><value><struct>" + member("faultCode", fmt.Sprintf("<int>%d</int>", code)) + "<member><name>faultString</name><value><string>" + text
}

// TestCalls is what calls answer, on both databases.
func TestCalls(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		guid := a.Customer(t, "A & <B>")
		const (
			customer   = "cloud_api_customer."
			find       = customer + "find"
			update     = customer + "updateModelProperties"
			none       = "00000000-0000-0000-0000-000000000000"
			unreadable = "The body is not an XML-RPC call: line "
		)
		deep := strings.Repeat("<array><data><value>", 40) + strings.Repeat("</value></data></array>", 40)
		result := "<value><struct>" + member("jobguid", "<nil/>")
		for name, c := range map[string]struct {
			login, body, want string
		}{
			"every parameter":     {"ada", body(find, "A &amp; &lt;", "", "", "", "<struct></struct>"), result + "<member><name>result</name><value><array><data><value><string>" + guid},
			"none":                {"ada", body(find), guid},
			"no params":           {"ada", "<methodCall><methodName>" + find + "</methodName></methodCall>", guid},
			"nil is not given":    {"ada", body(find, "<nil/>", "<nil/>"), guid},
			"typed text":          {"ada", body(find, "<string>A</string>"), guid},
			"base64":              {"ada", body(find, "<base64>QQ==</base64>"), guid},
			"CDATA":               {"ada", body(find, "<![CDATA[A & <]]>"), guid},
			"text is not JSON":    {"ada", body(find, `"A"`), member("result", "<array><data></data></array>")},
			"a text is kept":      {"ada", body(find, " A"), member("result", "<array><data></data></array>")},
			"characters":          {"ada", body(customer+"list", guid), "<string>A &amp; &lt;B&gt;</string>"},
			"a change":            {"ada", body(update, guid, "", "x", "", "", "", "", "", "<struct>"+member("name", "<string>7</string>")+"</struct>"), member("result", "<string>"+guid+"</string>")},
			"a bare answer":       {"mia", body("cloud_api_cmc.checkCredentials"), "<params><param><value><boolean>1</boolean></value></param>"},
			"boolean":             {"mia", body("cloud_api_job.findLatestJobs", "<int>2</int>", "<boolean>0</boolean>"), member("result", "<array><data></data></array>")},
			"time":                {"ada", body("cloud_api_job.find", "", "", "", "", "", "<dateTime.iso8601>29990101T00:00:00</dateTime.iso8601>"), member("result", "<array><data></data></array>")},
			"no i8 where int is":  {"mia", body("cloud_api_job.findLatestJobs", "<int>4294967296</int>"), faulted(8002, unreadable)},
			"out of range":        {"mia", body("cloud_api_job.findLatestJobs", "<i8>4294967296</i8>"), faulted(8002, "maxrows is out of range: &#39;4294967296&#39;")},
			"too many":            {"ada", body(find, "", "", "", "", "", ""), faulted(8002, "find takes 5 parameters at most, not 6")},
			"required":            {"ada", body(customer + "create"), faulted(8002, "The parameter name is required")},
			"no struct":           {"ada", body(find, "", "", "", "", "{}"), faulted(8002, "executionparams must be a struct")},
			"no single value":     {"ada", body(find, "<array><data></data></array>"), faulted(8002, "name must be a single value")},
			"no guid":             {"ada", body(customer+"getYAML", "x"), faulted(8002, "customerguid is not a guid: &#39;x&#39;")},
			"not found":           {"ada", body(customer+"getYAML", none), faulted(8002, "customer with guid "+none+" not found.")},
			"NUL in base64":       {"ada", body(customer+"create", "<base64>AA==</base64>"), faulted(8002, "name contains the character U+0000")},
			"unknown service":     {"", body("cloud_api_none.find"), faulted(8000, "Service not found</string>")},
			"unknown method":      {"", body(customer + "none"), faulted(8001, "Method not found</string>")},
			"one part":            {"", body("find"), faulted(8001, "Method not found</string>")},
			"three parts":         {"", body(find + ".x"), faulted(8001, "Method not found</string>")},
			"multicall":           {"ada", body("system.multicall", "<array><data></data></array>"), faulted(8001, "Method not found</string>")},
			"no credentials":      {"", body(find), faulted(9000, "Authentication required</string>")},
			"wrong credentials":   {"nobody", body(find), faulted(9000, "Authentication required</string>")},
			"credentials first":   {"", body(find, "<int>x</int>"), faulted(9000, "Authentication required</string>")},
			"may not":             {"mia", body(customer+"create", "x"), faulted(9001, "Authorization failed</string>")},
			"methods":             {"", body("system.listMethods"), "<string>cloud_api_clouduser.setAdminFlag</string>"},
			"help":                {"", body("system.methodHelp", find), find + "(name, status, resourcegroupguid, jobguid, executionparams)&#xA;"},
			"deep":                {"ada", body(find, deep), "nested more than 32 deep"},
			"many":                {"ada", body(find, "<array><data>"+strings.Repeat("<value/>", 10_001)+"</data></array>"), "more than 10000 values"},
			"document type":       {"mia", "<!DOCTYPE a [<!ENTITY b 'c'>]>" + body(find, "&b;"), faulted(8002, unreadable+"1: a document type is not allowed")},
			"entity":              {"ada", body(find, "&b;"), faulted(8002, unreadable)},
			"no XML":              {"mia", "name=x", faulted(8002, unreadable)},
			"broken off":          {"ada", body(find)[:90], faulted(8002, unreadable)},
			"something follows":   {"ada", body(find) + "<a/>", faulted(8002, unreadable)},
			"another charset":     {"mia", `<?xml version="1.0" encoding="latin1"?><methodCall/>`, "XML 1.0 in UTF-8"},
			"twice":               {"ada", body(find, "", "", "", "", "<struct>"+member("a", "1")+member("a", "2")+"</struct>"), "a member twice"},
			"unknown type":        {"ada", body(find, "<blob>x</blob>"), faulted(8002, unreadable)},
			"infinite":            {"mia", body("cloud_api_job.findLatestJobs", "<double>inf</double>"), faulted(8002, unreadable)},
			"wrong of two things": {"mia", body("cloud_api_job.findLatestJobs", "x", "y"), "maxrows must be an integer, not &#39;x&#39;; errorsonly is not a boolean"},
		} {
			answer := post(a, c.login, c.body)
			if !strings.Contains(answer.Body, c.want) {
				t.Errorf("%s: %s\nwant %s", name, answer.Body, c.want)
			}
			asXML(t, name, answer, 200)
		}
	})
}

func asXML(t *testing.T, name string, answer apitest.Answer, status int) {
	t.Helper()
	if answer.Status != status || answer.Header.Get("Content-Type") != "text/xml; charset=utf-8" ||
		answer.Header.Get("WWW-Authenticate") != "" || !strings.HasSuffix(answer.Body, "</methodResponse>\n") {
		t.Errorf("%s: %d %v %.300s", name, answer.Status, answer.Header, answer.Body)
	}
}

// TestTransport is what is refused before a call is read.
func TestTransport(t *testing.T) {
	a := apitest.New(t, "sqlite://:memory:", func(o *api.Options) { o.MaxBody = 2000 })
	const ping = "cloud_api_cmc.checkCredentials"
	for _, verb := range []string{"GET", "PUT", "HEAD", "OPTIONS"} {
		answer := a.Do(httptest.NewRequest(verb, xmlrpc.Prefix, nil), apitest.Member)
		asXML(t, verb, answer, 405)
		if answer.Header.Get("Allow") != "POST" || !strings.Contains(answer.Body, faulted(8002, "")) {
			t.Errorf("%s: %v %s", verb, answer.Header, answer.Body)
		}
	}
	for name, c := range map[string]struct {
		body    string
		headers []string
		want    string
	}{
		"a form":       {body(ping), []string{"Content-Type", "application/x-www-form-urlencoded"}, faulted(8002, "The body must be text/xml")},
		"plain text":   {body(ping), []string{"Content-Type", "text/plain"}, faulted(8002, "The body must be text/xml")},
		"no type":      {body(ping), []string{"Content-Type", ""}, faulted(8002, "The body must be text/xml")},
		"the other":    {body(ping), []string{"Content-Type", "application/xml; charset=utf-8"}, "<boolean>1</boolean>"},
		"another site": {body(ping), []string{"Origin", "http://evil.example"}, faulted(9001, "Authorization failed")},
		"a page's":     {body("cloud_api_customer.create", "x"), []string{"Referer", "http://evil.example/"}, faulted(9001, "Authorization failed")},
		"large":        {body("cloud_api_customer.find", strings.Repeat("x", 2000)), nil, faulted(8002, "The body is larger than 2000 bytes; send less")},
		"long headers": {body(ping), []string{"X-Long", strings.Repeat("x", 70_000)}, faulted(8002, "The URL and the headers have more")},
	} {
		answer := post(a, apitest.Administrator, c.body, c.headers...)
		asXML(t, name, answer, 200)
		if !strings.Contains(answer.Body, c.want) {
			t.Errorf("%s: %s\nwant %s", name, answer.Body, c.want)
		}
	}
	for _, path := range []string{"/appserver/xmlrpc", "/appserver/xmlrpc/a/b"} {
		r := httptest.NewRequest("POST", path, strings.NewReader(body(ping)))
		r.Header.Set("Content-Type", "text/xml")
		asXML(t, path, a.Do(r, apitest.Member), 200)
	}
	if log := a.Log.String(); !strings.Contains(log, "operation="+ping) {
		t.Errorf("the log does not name the method: %s", log)
	}
}

// TestListsHavePages: a list of several pages is one answer.
func TestListsHavePages(t *testing.T) {
	a := apitest.New(t, "sqlite://:memory:")
	const count = 1100
	for i := range count {
		a.Customer(t, fmt.Sprint("customer ", i))
	}
	answer := post(a, apitest.Administrator, body("cloud_api_customer.list"))
	asXML(t, "list", answer, 200)
	if got := strings.Count(answer.Body, "<name>guid</name>"); got != count {
		t.Errorf("%d customers, want %d", got, count)
	}
}
