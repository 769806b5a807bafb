package api_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"cloudapi/internal/dev/bench/process"
	"cloudapi/server/api/apitest"
)

// maxGrowth is how much more memory a server may use after writing a long answer than after its first part, in bytes: a few
// pages and their garbage, much less than the answer.
const maxGrowth = 32 << 20

// testList: the old URL list writes all customers while it reads them, in constant memory.
func testList(t *testing.T, database string) {
	// With little garbage the peak shows what the answer itself holds. A memory
	// limit would do the same, and spend most of the time on collecting.
	t.Setenv("GOGC", "25")
	server := built(t, "serve", "--listen", "127.0.0.1:0", "--drain-time", "0s", "--database-url", database)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/appserver/rest/cloud_api_customer/list", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(apitest.Administrator, apitest.Password)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
	body := &counted{Reader: bufio.NewReader(answer.Body)}
	found := json.NewDecoder(body)
	seek(t, found, "result")
	begun := peak(t, server)
	n, last := 0, ""
	for ; found.More(); n++ {
		var c struct {
			ID string `json:"guid"`
		}
		if err := found.Decode(&c); err != nil {
			t.Fatalf("after %d customers: %v", n, err)
		}
		if c.ID <= last {
			t.Fatalf("%s comes after %s", c.ID, last)
		}
		last = c.ID
	}
	held := peak(t, server)
	t.Logf("%d customers in %d MB; the server held %d MB, and %d when it began", n, body.n>>20, held>>20, begun>>20)
	if n != many || body.n < 2*maxGrowth || held-begun > maxGrowth {
		t.Errorf("%d customers of %d in %d bytes; the server held %d, and %d when it began", n, many, body.n, held, begun)
	}
}

func peak(t *testing.T, server *process.Program) int64 {
	t.Helper()
	bytes, err := process.PeakMemory(server.Pid())
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// built starts the built server as a separate process until the test ends.
func built(t *testing.T, args ...string) *process.Program {
	t.Helper()
	program := filepath.Join(t.TempDir(), "cloudapi")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "cloudapi/server").CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	server, err := process.Start(t.Context(), "server", t.TempDir(), program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	})
	return server
}

// seek reads up to the list under a key.
func seek(t *testing.T, d *json.Decoder, key string) {
	t.Helper()
	for token := json.Token(nil); token != key; {
		var err error
		if token, err = d.Token(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
}

// counted is a reader that counts bytes.
type counted struct {
	*bufio.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}
