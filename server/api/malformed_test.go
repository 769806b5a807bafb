package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestMalformedOldCalls: an argument or a body that cannot be read as the contract says is an error, and a path with empty parts
// is answered in the form of the API (CONTRACT.md, 1; OLD-FAMILY.md, 3).
func TestMalformedOldCalls(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/malformed.db")
	const rest = "/appserver/rest/cloud_api_customer"
	for name, c := range map[string]struct {
		path, media, body string
		status            int
		want              string
	}{
		"no part":             {rest + "/create?name=x", "multipart/form-data; boundary=Q", "junk", 400, `"code":8002`},
		"another boundary":    {rest + "/create?name=x", "multipart/form-data; boundary=Z", "--B\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\nX\r\n--B--\r\n", 400, `"code":8002`},
		"no last boundary":    {rest + "/create?name=x", "multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"city\"\r\n\r\nX\r\n", 400, `"code":8002`},
		"no parameters":       {rest + "/list", "multipart/form-data; boundary=B", "--B--\r\n", 200, `"result"`},
		"an empty body":       {rest + "/list", "multipart/form-data; boundary=B", "", 200, `"result"`},
		"a too large number":  {rest + "/create?name=x&executionparams=%7B%22a%22:1e400%7D", "", "", 400, "executionparams has the number 1e400"},
		"an empty part":       {rest + "//list", "", "", 404, `"code":8001`},
		"an empty part later": {rest + "/list//", "", "", 404, `"code":8001`},
		"no service":          {"/appserver/rest//list", "", "", 404, `"code":8000`},
		"XML-RPC":             {"/appserver/xmlrpc//x", "text/xml", "<methodCall><methodName>cloud_api_customer.listStatuses</methodName></methodCall>", 200, "CONFIGURED"},
	} {
		r := httptest.NewRequest(http.MethodPost, c.path, strings.NewReader(c.body))
		if c.media != "" {
			r.Header.Set("Content-Type", c.media)
		}
		if answer := a.Do(r, apitest.Operator); answer.Status != c.status || !strings.Contains(answer.Body, c.want) {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
}
