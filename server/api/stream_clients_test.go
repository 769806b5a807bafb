package api_test

import (
	"os/exec"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestClients: each of the common clients subscribes, loses its connection and resumes, and misses and repeats nothing.
func TestClients(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		out, err := exec.CommandContext(t.Context(), "node", "testdata/streams/clients.mjs", url+"/graphql", basic(apitest.Administrator)).CombinedOutput()
		if err != nil {
			t.Fatalf("run the clients (make test installs them): %v\n%s", err, out)
		}
		for _, name := range []string{"graphql-ws", "graphql-sse", "Apollo Client", "urql"} {
			if !strings.Contains(string(out), "ok "+name+"\n") || strings.Contains(string(out), "not ok "+name) {
				t.Errorf("%s:\n%s", name, out)
			}
		}
	})
}
