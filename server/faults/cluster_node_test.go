//go:build cluster

package faults

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// node is a machine of the cluster: a network namespace with etcd, Patroni and PostgreSQL in it.
type node struct {
	c    *cluster
	t    testing.TB
	n    int
	name string // pg1
	dir  string

	etcd, patroni *exec.Cmd
}

// newNode creates the namespace of a node and its configuration, from the files in docs/cluster.
func (c *cluster) newNode(t *testing.T, n int) *node {
	t.Helper()
	name := fmt.Sprint("pg", n)
	m := &node{c: c, t: t, n: n, name: name, dir: filepath.Join(c.dir, name)}
	c.namespace(t, n, m.address())
	if err := errors.Join(os.Mkdir(m.dir, 0o755), os.Mkdir(filepath.Join(m.dir, "etcd"), 0o700), os.Mkdir(filepath.Join(m.dir, "run"), 0o777), os.Chmod(filepath.Join(m.dir, "run"), 0o777)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("chown", "-R", "postgres", m.dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m.configure("etcd.yml", "/var/lib/etcd/cloudapi", m.path("etcd"))
	m.configure("patroni.yml", "/var/lib/postgresql/15/cloudapi", m.path("data"), "/var/lib/postgresql/pgpass-patroni", m.path("pgpass"),
		"/usr/lib/postgresql/15/bin", c.binaries, "  pg_hba:\n", "  parameters:\n    unix_socket_directories: "+m.path("run")+"\n  pg_hba:\n")
	t.Cleanup(m.end)
	return m
}

func (m *node) address() string          { return fmt.Sprintf("%s.%d", network, 10+m.n) }
func (m *node) path(name string) string  { return filepath.Join(m.dir, name) }
func (m *node) space() string            { return fmt.Sprint(spaces, m.n) }
func (m *node) rest(path string) string  { return "http://" + m.address() + ":8008" + path }
func (m *node) log(name string) *os.File { return m.c.logFile(m.name + "-" + name + ".log") }

// configure writes a file of docs/cluster as this node has it: with its name, its address, and replacements.
func (m *node) configure(name string, replacements ...string) {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs/cluster", name))
	if err != nil {
		m.t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(strings.NewReplacer(replacements...).Replace(string(text))) {
		// The lists of all nodes are the same on each.
		if !strings.Contains(line, "initial-cluster:") && !strings.Contains(line, "hosts:") {
			line = strings.ReplaceAll(strings.ReplaceAll(line, "10.0.0.11", m.address()), "name: pg1", "name: "+m.name)
		}
		out.WriteString(strings.ReplaceAll(line, "10.0.0.", network+"."))
	}
	if err := os.WriteFile(m.path(name), []byte(out.String()), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// inside starts a program in the namespace as the user postgres.
func (m *node) inside(log string, program string, args ...string) *exec.Cmd {
	m.t.Helper()
	command := append([]string{"netns", "exec", m.space(), "setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL", program}, args...)
	cmd := exec.Command("ip", command...)
	cmd.Dir = m.dir
	cmd.Env = m.c.environment()
	cmd.Stdout = m.log(log)
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	go func() { _ = cmd.Wait() }()
	return cmd
}

func (m *node) startEtcd() {
	m.etcd = m.inside("etcd", m.c.program("usr/bin/etcd"), "--config-file", m.path("etcd.yml"))
}

func (m *node) startPatroni() {
	m.patroni = m.inside("patroni", "/usr/bin/python3", m.c.program("usr/bin/patroni"), m.path("patroni.yml"))
}

// processes returns the processes in the namespace.
func (m *node) processes() (all []int) {
	out, err := exec.Command("ip", "netns", "pids", m.space()).Output()
	if err != nil {
		return nil // the namespace is gone
	}
	for _, text := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(text); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// signal sends a signal to every process of the node but etcd.
func (m *node) signal(signal syscall.Signal) {
	for _, pid := range m.processes() {
		if m.etcd == nil || pid != m.etcd.Process.Pid {
			_ = syscall.Kill(pid, signal) // it may have ended
		}
	}
}

// end ends all processes of the node.
func (m *node) end() {
	for range 50 {
		left := m.processes()
		for _, pid := range left {
			_ = errors.Join(syscall.Kill(pid, syscall.SIGKILL), syscall.Kill(pid, syscall.SIGCONT))
		}
		if len(left) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// link switches the network of the node on or off.
func (m *node) link(state string) {
	m.t.Helper()
	ip(m.t, "link", "set", fmt.Sprint(links, m.n), state)
}

// get asks Patroni, "" where it does not answer.
func (m *node) get(path string) (status int, body string) {
	answer, err := (&http.Client{Timeout: time.Second}).Get(m.rest(path))
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, ""
	}
	return answer.StatusCode, string(text)
}

// primary reports whether the node is the primary, by Patroni.
func (m *node) primary() bool {
	status, _ := m.get("/primary")
	return status == http.StatusOK
}

// standby reports whether the node replicates from the primary.
func (m *node) standby() bool {
	status, _ := m.get("/replica")
	_, body := m.get("/patroni")
	return status == http.StatusOK && gjson.Get(body, "replication_state").String() == "streaming" || status == http.StatusOK && !gjson.Get(body, "replication_state").Exists()
}
