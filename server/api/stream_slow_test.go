package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// narrow is a listener whose connections buffer few bytes that the client does not read.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(4096)
	}
	return c, err
}

// slowClient connects with a small buffer, so that unread data waits at the server.
func slowClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(4096)
		}
		return c, err
	}}}
}

// largeChange returns answers of some kilobytes.
var largeChange = `subscription { changes%s { cursor customer { name ` + func() string {
	var fields strings.Builder
	for i := range 20 {
		fmt.Fprintf(&fields, "d%d: description ", i)
	}
	return fields.String()
}() + `} } }`

// TestSlowReadersGoOn: a subscriber that does not read is disconnected with its cursor, and resumes from there without a
// loss.
func TestSlowReadersGoOn(t *testing.T) {
	const changes = 60
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.Streams.Queue = 64 << 10 })
	server := httptest.NewUnstartedServer(a.Handler)
	server.Listener = narrow{server.Listener}
	server.Start()
	t.Cleanup(func() { a.Streams.Stop(); server.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(server.URL, "http", "ws", 1)+"/graphql", &websocket.DialOptions{
		HTTPClient: slowClient(), HTTPHeader: http.Header{"Authorization": {basic(apitest.Operator)}}, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 22)
	s := &socket{t: t, conn: conn, ctx: ctx}
	s.send(`{"type":"connection_init"}`)
	s.expect("connection_ack", "")
	names, cursor := map[string]bool{}, ""
	read := func() (message, bool) {
		m := s.next()
		if m.Type != "next" {
			return m, false
		}
		c := changeIn(t, m)
		if cursor = c.Cursor; c.Customer.Name == "" || names[c.Customer.Name] {
			t.Fatalf("%q arrives twice, or has no name", c.Customer.Name)
		}
		names[c.Customer.Name] = true
		return m, true
	}
	s.subscribe("1", fmt.Sprintf(largeChange, ""))
	for i := 0; len(names) == 0; i++ { // until the subscription has begun
		a.Query(apitest.Administrator, create(fmt.Sprint("before ", i)), nil)
		s.subscribe("mark", "{ viewer { login } }")
		for m := s.next(); m.ID != "mark" || m.Type != "complete"; m = s.next() {
			if m.ID == "1" {
				c := changeIn(t, m)
				names[c.Customer.Name], cursor = true, c.Cursor
			}
		}
	}
	had := len(names)
	for i := range changes {
		a.Query(apitest.Administrator, create(fmt.Sprint("customer ", i)), nil)
	}
	cut := 0
	for len(names) < had+changes {
		m, ok := read()
		if ok {
			continue
		}
		var told []struct {
			Extensions struct{ Code, Reason, Cursor string }
		}
		if err := json.Unmarshal(m.Payload, &told); err != nil || m.Type != "error" || len(told) != 1 || told[0].Extensions.Reason != "TOO_SLOW" || told[0].Extensions.Cursor != cursor {
			t.Fatalf("the end is %s %.500s, and the last cursor %s", m.Type, m.Payload, cursor)
		}
		cut++
		s.subscribe("1", fmt.Sprintf(largeChange, `(after: "`+cursor+`")`))
	}
	if cut == 0 {
		t.Error("the subscriber was never too slow")
	}
}

// create creates a customer with a long description.
func create(name string) string {
	return fmt.Sprintf(`mutation { createCustomer(input: {name: %q, description: %q}) { job { id } } }`, name, strings.Repeat("d", 400))
}
