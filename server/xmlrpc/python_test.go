package xmlrpc_test

import (
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestPython drives every service with Python's xmlrpc.client, and compares what
// it reads with what urllib gets from the old URLs.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatalf("%v: .ci/install installs it", err)
	}
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		server := httptest.NewServer(a.Handler)
		defer server.Close()
		client := exec.CommandContext(t.Context(), python, "testdata/client.py", strings.TrimPrefix(server.URL, "http://"), apitest.Administrator, apitest.Password)
		if out, err := client.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
