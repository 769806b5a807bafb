//go:build cluster

package faults

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// serviceTime is how long after Patroni's decision changes must be made again.
const serviceTime = 15 * time.Second

// TestCluster runs two servers on a cluster as docs/cluster configures it, with standbys for reads, writers and
// subscribers, and makes its nodes fail. Nothing that was acknowledged is lost or doubled, the servers are never restarted,
// and each subscriber's one stream goes on. It runs only in make test-cluster: it needs root, and minutes.
func TestCluster(t *testing.T) {
	c := newCluster(t)
	hosts := network + ".11:5432," + network + ".12:5432," + network + ".13:5432"
	balanced := network + ".10:5000"
	w := newWorld(t, &database{
		URL: clusterURL("cloudapi", "change-this-3", "cloudapi", balanced), driver: "postgres", source: clusterURL("cloudapi", "change-this-3", "cloudapi", balanced),
	}, 2, "--read-database-url", clusterURL("cloudapi", "change-this-3", "cloudapi", hosts))
	all := w.subscribe(t)
	for n, s := range []struct {
		name string
		do   func() (mend func())
	}{
		{"the primary is killed", c.killPrimary},
		{"the primary is frozen", c.freezePrimary},
		{"the primary's network is cut", c.cutPrimary},
		{"another node is promoted on purpose", c.switchOver},
		{"etcd's leader is killed", c.killEtcdLeader},
		{"a node is added", c.addNode},
	} {
		t.Log(s.name)
		w.during(t, uint64(n+1), func() { c.disturb(w, s.do) })
	}
	w.settle(t)
	for i, f := range all {
		w.complete(t, i, f)
	}
	for i, s := range w.servers {
		select {
		case <-s.ended:
			t.Errorf("server %d has ended", i)
		default:
		}
	}
}

// disturb makes something fail, waits until Patroni has decided and changes are made again, and mends it.
func (c *cluster) disturb(w *world, do func() (mend func())) {
	c.t.Helper()
	old, begun := c.decided(), time.Now()
	mend := do()
	decision := time.Now()
	if mend != nil {
		c.eventually("Patroni's decision", func() bool {
			leader := c.decided()
			return leader != "" && leader != old
		})
		decision = time.Now()
	}
	w.await(c.t, connections)
	took := time.Since(decision)
	c.t.Logf("  leader %s, then %s after %v; changes are made again %v after that", old, c.decided(), decision.Sub(begun).Round(time.Millisecond), took.Round(time.Millisecond))
	if took > serviceTime {
		c.t.Errorf("changes are made again %v after Patroni's decision", took)
	}
	if mend != nil {
		mend()
	}
	c.whole()
	w.await(c.t, connections)
}

// decided is the name of the node that Patroni has made the leader, as the nodes that run see it; "" while there is none,
// or they differ.
func (c *cluster) decided() (name string) {
	votes := map[string]int{}
	for _, m := range c.nodes {
		_, body := m.get("/cluster")
		if leader := gjson.Get(body, `members.#(role=="leader").name`).String(); leader != "" {
			votes[leader]++
		}
	}
	for leader, n := range votes {
		if n >= 2 {
			name = leader
		}
	}
	return name
}

// named returns a node by its name.
func (c *cluster) named(name string) *node {
	for _, m := range c.nodes {
		if m.name == name {
			return m
		}
	}
	c.t.Fatalf("there is no node %q", name)
	return nil
}

func (c *cluster) killPrimary() func() {
	m := c.named(c.decided())
	m.signal(syscall.SIGKILL)
	return m.startPatroni
}

func (c *cluster) freezePrimary() func() {
	m := c.named(c.decided())
	m.signal(syscall.SIGSTOP)
	return func() { m.signal(syscall.SIGCONT) }
}

func (c *cluster) cutPrimary() func() {
	m := c.named(c.decided())
	m.link("down")
	return func() { m.link("up") }
}

func (c *cluster) switchOver() func() {
	m := c.named(c.decided())
	cmd := exec.CommandContext(c.t.Context(), "/usr/bin/python3", c.program("usr/bin/patronictl"), "-c", m.path("patroni.yml"),
		"switchover", "--master", m.name, "--force", "cloudapi")
	cmd.Env = c.environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Errorf("patronictl: %v: %s", err, out)
	}
	return func() {}
}

func (c *cluster) killEtcdLeader() func() {
	for _, m := range c.nodes {
		answer, err := http.Get("http://" + m.address() + ":2379/v2/stats/self")
		if err != nil {
			c.t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			c.t.Fatal(err)
		}
		if gjson.GetBytes(text, "state").String() == "StateLeader" {
			_ = m.etcd.Process.Kill()
			time.Sleep(20 * time.Second) // longer than the lock lasts without being renewed
			m.startEtcd()
			return nil
		}
	}
	c.t.Fatal("etcd has no leader")
	return nil
}

func (c *cluster) addNode() func() {
	m := c.newNode(c.t, len(c.nodes)+1)
	c.nodes = append(c.nodes, m)
	m.startPatroni()
	return nil
}

// subscribe starts subscribers, each with one stream for the whole test.
func (w *world) subscribe(t *testing.T) []*follower {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	t.Cleanup(func() {
		stop()
		work.Wait()
	})
	all := make([]*follower, 4)
	for i := range all {
		all[i] = &follower{}
		work.Go(func() {
			all[i].follow(ctx, w.bases[i%len(w.bases)])
			if ctx.Err() == nil {
				t.Errorf("the stream of subscriber %d has ended", i)
			}
		})
	}
	w.begin(t, all)
	return all
}
