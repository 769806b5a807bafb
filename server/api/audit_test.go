package api_test

import (
	"encoding/base64"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// audits is the number of audits in npm's graphql-http.
const audits = 61

// TestGraphQLOverHTTP runs every audit of GraphQL over HTTP (MUST, SHOULD and MAY) against a listening server.
func TestGraphQLOverHTTP(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/audit.db")
	server := httptest.NewServer(a.Handler)
	defer server.Close()
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(apitest.Administrator+":"+apitest.Password))
	out, err := exec.CommandContext(t.Context(), "node", "testdata/audit/audit.mjs", server.URL+"/graphql", basic).CombinedOutput()
	if err != nil {
		t.Fatalf("run the audits (make test installs them): %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != audits {
		t.Errorf("%d audits ran, not %d", len(lines), audits)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "ok ") {
			t.Error(line)
		}
	}
}
