package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"cloudapi/internal/dev/bench/process"
)

// The numbers of subscribers.
const (
	fanSockets   = 10
	fanEach      = 100
	idleStreams  = 5000
	idleDialers  = 16
	changedQuery = `subscription { customer(id: %q) { name description capacityAvailable { amount } } }`
	idleQuery    = `subscription { changes { cursor job { action } customer { name } } }`
)

// fanOut is the time from sending a change until all subscribers have received it.
func (b *bed) fanOut(ctx context.Context) (r reading, err error) {
	id := b.small.ids[0].String()
	all := make([]*websocket.Conn, 0, fanSockets)
	defer func() { closeAll(all) }()
	for n := range fanSockets {
		c, err := b.subscribe(ctx, b.server, n, fmt.Sprintf(changedQuery, id), fanEach)
		if err != nil {
			return r, err
		}
		all = append(all, c)
		if err := await(ctx, c, "", fanEach); err != nil {
			return r, err
		}
	}
	name := fmt.Sprint("fan-out ", time.Now().UnixNano())
	before, err := process.CPU(b.server.Pid())
	if err != nil {
		return r, err
	}
	group, waiting := errgroup.WithContext(ctx)
	started := time.Now()
	for _, c := range all {
		group.Go(func() error { return await(waiting, c, name, fanEach) })
	}
	change := b.small.graphQL(0, `mutation($id: ID!, $text: String!) { updateCustomer(input: {customerId: $id, description: $text}) { job { id } } }`,
		map[string]any{"id": id, "text": name})
	if _, err := ask(ctx, b.server.URL, change); err != nil {
		return r, err
	}
	if err := group.Wait(); err != nil {
		return r, err
	}
	r.value = float64(time.Since(started)) / float64(time.Millisecond)
	after, err := process.CPU(b.server.Pid())
	r.note = fmt.Sprintf("%d connections; CPU of the server: %d ms", fanSockets, (after - before).Milliseconds())
	return r, err
}

// idle is the growth of a server's memory for each idle subscriber.
func (b *bed) idle(ctx context.Context) (r reading, err error) {
	server, err := process.Start(ctx, "streams", b.dir, b.program("cloudapi"), "serve", "--listen", "127.0.0.1:0", "--log-format", "json",
		"--max-user-streams", fmt.Sprint(idleStreams), "--database-url", b.small.url)
	if err != nil {
		return r, err
	}
	defer func() { err = join(err, server.Stop()) }()
	// The first request fills the caches.
	if _, err := ask(ctx, server.URL, b.small.graphQL(0, "{ viewer { login } }", nil)); err != nil {
		return r, err
	}
	before, err := process.Memory(server.Pid())
	if err != nil {
		return r, err
	}
	opened := make(chan *websocket.Conn, idleStreams)
	defer func() {
		for len(opened) > 0 {
			_ = (<-opened).CloseNow()
		}
	}()
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(idleDialers)
	for n := range idleStreams {
		group.Go(func() error {
			c, err := b.subscribe(opening, server, n, idleQuery, 1)
			if err == nil {
				opened <- c
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return r, err
	}
	used, calm, err := rest(ctx, server, b.postmaster)
	r.value = float64(used-before) / 1000 / idleStreams
	r.note = fmt.Sprintf("%s connections, %d MB in all; CPU while nothing happens: %s", thousands(idleStreams), used>>20, calm)
	return r, err
}

// rest waits until a server is idle, and returns its memory and the CPU time that it and the database use meanwhile.
func rest(ctx context.Context, server *process.Program, postmaster int) (memory int64, calm string, err error) {
	const settling, watched = 5 * time.Second, 5 * time.Second
	var used [2][2]time.Duration
	for i, wait := range []time.Duration{settling, watched} {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return 0, "", ctx.Err()
		}
		if used[i][0], err = process.CPU(server.Pid()); err != nil {
			return 0, "", err
		}
		if used[i][1], err = process.FamilyCPU(postmaster); err != nil {
			return 0, "", err
		}
	}
	percent := func(n int) float64 { return 100 * (used[1][n] - used[0][n]).Seconds() / watched.Seconds() }
	calm = fmt.Sprintf("%.1f %% of a core in the server, %.1f %% in PostgreSQL", percent(0), percent(1))
	memory, err = process.Memory(server.Pid())
	return memory, calm, err
}

// subscribe opens a WebSocket as the n-th caller, with some subscriptions.
func (b *bed) subscribe(ctx context.Context, server *process.Program, n int, query string, each int) (c *websocket.Conn, err error) {
	c, _, err = websocket.Dial(ctx, strings.Replace(server.URL, "http", "ws", 1)+"/graphql", //nolint:bodyclose // The answer to an upgrade has none.
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = c.CloseNow()
		}
	}()
	text, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	messages := []string{fmt.Sprintf(`{"type":"connection_init","payload":{"Authorization":%q}}`, b.small.credentials(n))}
	for id := range each {
		messages = append(messages, fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":{"query":%s}}`, id, text))
	}
	for i, m := range messages {
		if err := c.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			return nil, err
		}
		if i > 0 {
			continue
		}
		if _, ack, err := c.Read(ctx); err != nil || !strings.Contains(string(ack), "connection_ack") {
			return nil, fmt.Errorf("not acknowledged: %s: %w", ack, err)
		}
	}
	return c, nil
}

// await reads answers until enough of them contain a text.
func await(ctx context.Context, c *websocket.Conn, text string, enough int) error {
	for n := 0; n < enough; {
		_, m, err := c.Read(ctx)
		switch {
		case err != nil:
			return err
		case strings.Contains(string(m), `"type":"error"`):
			return fmt.Errorf("%.500s", m)
		case strings.Contains(string(m), `"type":"next"`) && strings.Contains(string(m), text):
			n++
		}
	}
	return nil
}

func closeAll(all []*websocket.Conn) {
	for _, c := range all {
		_ = c.CloseNow()
	}
}
