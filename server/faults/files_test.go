package faults

import (
	"bufio"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAServerWithoutFilesSaysSo: a server that has reached its limit of open files logs that it cannot accept connections,
// and why, and serves again when clients disconnect.
func TestAServerWithoutFilesSaysSo(t *testing.T) {
	log := &lines{}
	cmd := exec.Command("bash", "-c", `ulimit -n 40; exec "$0" "$@"`, binaryPath, "serve", "--listen", "127.0.0.1:0",
		"--admin-password", password, "--drain-time", "0s", "--database-url", "sqlite://"+t.TempDir()+"/test.db")
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	address := ""
	for told := bufio.NewScanner(out); address == "" && told.Scan(); {
		if found := serving.FindStringSubmatch(told.Text()); found != nil {
			address = strings.TrimPrefix(found[1], "http://")
		}
	}
	var open []net.Conn
	for range 60 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	said := func() bool {
		text := log.last()
		return strings.Contains(text, "level=ERROR") && strings.Contains(text, "connections cannot be accepted") && strings.Contains(text, "LimitNOFILE")
	}
	for deadline := time.Now().Add(startTime); !said(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the server does not say why: %s", log.last())
		}
	}
	for _, c := range open {
		_ = c.Close()
	}
	p := &process{t: t, URL: "http://" + address, log: log}
	p.awaitReady(startTime)
}
