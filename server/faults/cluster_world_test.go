//go:build cluster

package faults

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"cloudapi/internal/dev/pgtest"
)

// The cluster's network stands for 10.0.0 in docs/cluster; its namespaces and links have these names, with a number.
const (
	network = "10.77.0"
	spaces  = "cloudapi-pg"
	links   = "cloudapi-v"
	bridge  = "cloudapi-br"
)

// clusterTime is how long the cluster may take for what does not count: its start, a node that joins.
const clusterTime = 5 * time.Minute

// cluster is three machines with etcd, Patroni and PostgreSQL, and one with HAProxy.
type cluster struct {
	t        *testing.T
	dir      string
	binaries string
	nodes    []*node
}

func ip(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// newCluster starts a cluster with the database and role of the servers.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("the cluster's nodes are network namespaces, which only root may make")
	}
	dir, err := os.MkdirTemp("", "cluster")
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, dir: dir, binaries: filepath.Dir(pgtest.Program(t, "postgres"))}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the logs are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	unpack := exec.CommandContext(t.Context(), "../../.ci/cluster", filepath.Join(dir, "programs"))
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("unpack Patroni, etcd and HAProxy: %v: %s", err, out)
	}
	_ = exec.Command("ip", "link", "del", bridge).Run() // of a run that was killed
	ip(t, "link", "add", bridge, "type", "bridge")
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", bridge).Run() })
	ip(t, "addr", "add", network+".1/24", "dev", bridge)
	ip(t, "link", "set", bridge, "up")
	for n := range 3 {
		c.nodes = append(c.nodes, c.newNode(t, n+1))
	}
	for _, m := range c.nodes {
		m.startEtcd()
	}
	for _, m := range c.nodes {
		m.startPatroni()
	}
	c.balance(t)
	c.whole()
	c.furnish()
	return c
}

// namespace creates a network namespace with an address on the bridge.
func (c *cluster) namespace(t *testing.T, n int, address string) {
	t.Helper()
	space, link := fmt.Sprint(spaces, n), fmt.Sprint(links, n)
	// Of a run that was killed.
	_ = errors.Join(exec.Command("ip", "netns", "del", space).Run(), exec.Command("ip", "link", "del", link).Run())
	ip(t, "netns", "add", space)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", space).Run() })
	ip(t, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
	ip(t, "link", "set", link, "master", bridge, "up")
	ip(t, "-n", space, "addr", "add", address+"/24", "dev", "eth0")
	ip(t, "-n", space, "link", "set", "eth0", "up")
	ip(t, "-n", space, "link", "set", "lo", "up")
}

// balance starts HAProxy with the configuration in docs/cluster.
func (c *cluster) balance(t *testing.T) {
	t.Helper()
	c.namespace(t, 0, network+".10")
	text, err := os.ReadFile("../../docs/cluster/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.dir, "haproxy.cfg")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "10.0.0.", network+".")), 0o644); err != nil {
		t.Fatal(err)
	}
	m := &node{c: c, t: t, name: "haproxy", dir: c.dir}
	cmd := m.inside("haproxy", c.program("usr/sbin/haproxy"), "-db", "-f", file)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
}

func (c *cluster) program(path string) string { return filepath.Join(c.dir, "programs", path) }

func (c *cluster) environment() []string {
	return append(os.Environ(), "HOME="+c.dir, "PYTHONUNBUFFERED=1", "LC_ALL=C.UTF-8", "PYTHONPATH="+c.program("usr/lib/python3/dist-packages"),
		"LD_LIBRARY_PATH="+c.program("usr/lib/x86_64-linux-gnu"), "PATH="+c.binaries+":/usr/sbin:/usr/bin:/sbin:/bin")
}

func (c *cluster) logFile(name string) *os.File {
	file, err := os.OpenFile(filepath.Join(c.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		c.t.Fatal(err)
	}
	return file
}

// leader is the node that is the primary, nil while there is none.
func (c *cluster) leader() *node {
	for _, m := range c.nodes {
		if m.primary() {
			return m
		}
	}
	return nil
}

func (c *cluster) standbys() (n int) {
	for _, m := range c.nodes {
		if m.standby() {
			n++
		}
	}
	return n
}

// whole waits until all nodes work, and one of them is the synchronous standby: before that, Patroni promotes none.
func (c *cluster) whole() {
	c.t.Helper()
	c.eventually("all nodes, and a synchronous standby", func() bool {
		m := c.leader()
		if m == nil || c.standbys() != len(c.nodes)-1 {
			return false
		}
		_, body := m.get("/cluster")
		return gjson.Get(body, `members.#(role=="sync_standby").name`).Exists()
	})
}

func (c *cluster) eventually(what string, is func() bool) {
	c.t.Helper()
	for end := time.Now().Add(clusterTime); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("there is no end to waiting for %s; the logs are in %s", what, c.dir)
		}
	}
}

// clusterURL is that of a database for a user of docs/cluster, at some hosts.
func clusterURL(user, password, database, hosts string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", user, password, hosts, database)
}

// furnish creates the role and the database, as docs/cluster says.
func (c *cluster) furnish() {
	c.t.Helper()
	db, err := sql.Open("postgres", clusterURL("postgres", "change-this-1", "postgres", network+".10:5000"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	c.eventually("the primary at the balancer", func() bool { return db.PingContext(c.t.Context()) == nil })
	for _, statement := range []string{"CREATE ROLE cloudapi LOGIN PASSWORD 'change-this-3'", "CREATE DATABASE cloudapi OWNER cloudapi"} {
		if _, err := db.ExecContext(c.t.Context(), statement); err != nil {
			c.t.Fatal(err)
		}
	}
}
