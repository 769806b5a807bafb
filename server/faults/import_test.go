package faults

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestImportIsKilled imports 2,000 customers from a running server into an empty database, kills the import in the middle,
// and runs it again. Afterwards the answers of both servers' old URLs are equal, byte for byte.
func TestImportIsKilled(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, target *database) {
		dir := t.TempDir()
		lines := filepath.Join(dir, "world.jsonl")
		if err := os.WriteFile(lines, []byte(oldWorld(2000)), 0o600); err != nil {
			t.Fatal(err)
		}
		oldURL := "sqlite://" + filepath.Join(dir, "old.db")
		if out, err := exec.Command(binaryPath, "import", lines, "--database-url", oldURL).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		old := serve(t, "--database-url", oldURL, "--rate-burst=-1")
		source := strings.Replace(old.URL, "http://", "http://"+login+":"+strings.ReplaceAll(password, " ", "%20")+"@", 1) + "/appserver/rest/"
		args := []string{"import", source, "--database-url", target.URL}

		killImport(t, args)
		if out, err := exec.Command(binaryPath, args...).CombinedOutput(); err != nil {
			t.Fatalf("the second run: %v: %s", err, out)
		} else if !regexp.MustCompile(`customer +2000 +[1-9]\d* +0 +[1-9]\d* +0 +0 +2000\s`).Match(out) {
			t.Errorf("the second run did not go on where the first one was killed: %s", out)
		}
		if out, err := exec.Command(binaryPath, append(args, "--verify")...).CombinedOutput(); err != nil {
			t.Errorf("the verification: %v: %s", err, out)
		}
		copied := serve(t, "--database-url", target.URL, "--rate-burst=-1", "--admin-login", "other")
		for path, want := range old.forms(t, login) {
			if got := copied.rest(t, "other", path); got != want {
				t.Fatalf("%s: %s\nnot\n%s", path, got, want)
			}
		}
	})
}

// killImport starts an import and kills it when it reports that it loads.
func killImport(t *testing.T, args []string) {
	t.Helper()
	cmd := exec.Command(binaryPath, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it was killed
		close(ended)
	}()
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := exec.Command(binaryPath, "export", args[2], args[3]).Output()
		if customers := strings.Count(string(out), `{"type":"customer"`); err == nil && customers > 0 {
			if customers == 2000 {
				t.Fatal("the import was too fast to be killed")
			}
			_ = cmd.Process.Kill()
			<-ended
			return
		}
	}
	t.Fatal("the import loads nothing")
}

// rest calls an old URL.
func (p *process) rest(t *testing.T, login, path string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, p.URL+"/appserver/rest/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(login, password)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v %d %s", path, err, answer.StatusCode, text)
	}
	return string(text)
}

// forms returns the answers of the old URLs for every object, and the lists. The list of users contains the caller.
func (p *process) forms(t *testing.T, login string) map[string]string {
	t.Helper()
	all := map[string]string{}
	guid := regexp.MustCompile(`"(?:cloudusergroup)?guid": ?"([0-9a-f-]{36})"`)
	for _, kind := range []string{"customer", "cloudusergroup", "cloudspace", "clouduser"} {
		path := "cloud_api_" + kind + "/list"
		list := p.rest(t, login, path)
		if kind != "clouduser" {
			all[path] = list
		}
		for _, found := range guid.FindAllStringSubmatch(list, -1) {
			for _, path := range []string{
				"cloud_api_" + kind + "/getObject?rootobjectguid=" + found[1], "cloud_api_" + kind + "/getYAML?" + kind + "guid=" + found[1],
			} {
				all[path] = p.rest(t, login, path)
			}
		}
	}
	if len(all) < 2*(2000+2000+200+200) {
		t.Fatalf("%d answers only", len(all))
	}
	return all
}

// oldWorld returns n customers with capacity, spaces, groups and users, as lines.
func oldWorld(n int) string {
	var b strings.Builder
	line := func(kind string, i int, format string, args ...any) {
		fmt.Fprintf(&b, `{"type":%q,"guid":%q,"version":%q,"createdAt":"2010-03-01T12:%02d:00Z",%s}`+"\n",
			kind, guidOf(kind, i), guidOf(kind+" version", i), i%60, fmt.Sprintf(format, args...))
	}
	for i := range n / 10 {
		line("cloudUser", i, `"login":"user%d","status":"CONFIGURED","lastName":"É"`, i)
		line("cloudUserGroup", i, `"name":"group %d","cloudUsers":[%q]`, i, guidOf("cloudUser", i))
	}
	for i := range n {
		units := make([]string, 6)
		for u := range units {
			units[u] = fmt.Sprintf(`{"guid":%q,"version":%q,"kind":%q,"capacityUnitType":"CU","amount":%d,"name":"CPU"}`,
				guidOf("unit", 6*i+u), guidOf("unit version", 6*i+u), []string{"AVAILABLE", "CONSUMED"}[u/3], u+1)
		}
		line("customer", i, `"name":"Customer %d","status":"ACTIVE","retentionPolicyId":%q,"capacityUnits":[%s],"cloudUserGroups":[%q],"domains":[{"name":"d%d.example.com"}]`,
			i, guidOf("policy", i), strings.Join(units, ","), guidOf("cloudUserGroup", i/10), i)
		parent := ""
		if i%2 == 1 {
			parent = fmt.Sprintf(`"parentId":%q,`, guidOf("cloudSpace", i-1))
		}
		line("cloudSpace", i, `%s"customerId":%q,"name":"space %d"`, parent, guidOf("customer", i/2), i)
	}
	return b.String()
}

func guidOf(kind string, i int) string {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s %d", kind, i)).String()
}
