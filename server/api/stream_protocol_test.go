package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestProtocol tests graphql-transport-ws: each message, and each close code.
func TestProtocol(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.Streams.InitTime = 300 * time.Millisecond })
	url := listen(t, a)
	fresh := func(t *testing.T) *socket { return dial(t, url, nil, "graphql-transport-ws") }
	ready := func(t *testing.T) *socket { return connect(t, url, apitest.Administrator) }
	subscribe := `{"id":"1","type":"subscribe","payload":{"query":"subscription { changes { cursor } }"}}`
	long := "x" + strings.Repeat("ä", 300)
	for _, c := range []struct {
		name string
		open func(*testing.T) *socket
		send []string
		code int
	}{
		{"no sub-protocol", func(t *testing.T) *socket { return dial(t, url, nil) }, nil, 4406},
		{"another sub-protocol", func(t *testing.T) *socket { return dial(t, url, nil, "graphql-ws") }, nil, 4406},
		{"no connection_init", fresh, nil, 4408},
		{"wrong credentials", fresh, []string{`{"type":"connection_init","payload":{"Authorization":"Basic eDp5"}}`}, 4403},
		{"connection_init twice", ready, []string{`{"type":"connection_init"}`}, 4429},
		{"an operation before it is acknowledged", fresh, []string{subscribe}, 4401},
		{"an id that is in use", ready, []string{subscribe, subscribe}, 4409},
		{"no JSON", ready, []string{`{`}, 4400},
		{"no object", ready, []string{`[]`}, 4400},
		{"no type", ready, []string{`{}`}, 4400},
		{"a type of the server's", ready, []string{`{"type":"connection_ack"}`}, 4400},
		{"no id", ready, []string{`{"type":"subscribe","payload":{"query":"{__typename}"}}`}, 4400},
		{"a ping with a text", ready, []string{`{"type":"ping","payload":"x"}`}, 4400},
		{"a pong with a number", ready, []string{`{"type":"pong","payload":1}`}, 4400},
		{"complete without an id", ready, []string{`{"type":"complete"}`}, 4400},
		{"a long id that is in use", ready, []string{strings.ReplaceAll(subscribe, `"1"`, `"`+long+`"`), strings.ReplaceAll(subscribe, `"1"`, `"`+long+`"`)}, 4409},
		{"no payload", ready, []string{`{"id":"1","type":"subscribe"}`}, 4400},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.open(t)
			for _, text := range c.send {
				s.send("%s", text)
			}
			if code, reason := s.closed(); code != c.code {
				t.Errorf("closed with %d: %s", code, reason)
			}
		})
	}
	t.Run("ping, a query, a mutation, errors, and an id again", func(t *testing.T) {
		s := ready(t)
		s.send(`{"type":"ping","payload":{"n":1}}`)
		s.expect("pong", `{"n":1}`)
		for _, c := range [][2]string{
			{`{ viewer { login } }`, apitest.Administrator},
			{`mutation { createCustomer(input: {name: "by socket"}) { customer { name } } }`, "by socket"},
		} {
			s.subscribe("1", c[0])
			s.expect("next", c[1])
			s.expect("complete", "")
		}
		s.subscribe("1", `{ nothing }`)
		s.expect("error", "GRAPHQL_VALIDATION_FAILED")
	})
	t.Run("nobody", func(t *testing.T) {
		s := fresh(t)
		s.send(`{"type":"connection_init"}`)
		s.expect("connection_ack", "")
		s.subscribe("1", `subscription { changes { cursor } }`)
		s.expect("error", "UNAUTHENTICATED")
	})
}

// TestStreamsOfOtherSites: a page of another site cannot open a stream with the browser's credentials.
func TestStreamsOfOtherSites(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.CORSOrigins = []string{"https://app.example"} })
	url := listen(t, a)
	for origin, allowed := range map[string]bool{"https://evil.example": false, "null": false, "https://app.example": true, url: true, "": true} {
		header := http.Header{"Authorization": {basic(apitest.Administrator)}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, answer, err := websocket.Dial(t.Context(), strings.Replace(url, "http", "ws", 1)+"/graphql",
			&websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"}})
		if (err == nil) != allowed || !allowed && answer.StatusCode != http.StatusForbidden {
			t.Errorf("%q: %v", origin, err)
		}
		if err == nil {
			_ = conn.CloseNow()
		}
	}
}

// TestStoppingServerSendsClientsAway: with a code that makes them reconnect.
func TestStoppingServerSendsClientsAway(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	url := listen(t, a)
	s := connect(t, url, apitest.Administrator)
	s.subscribe("1", `subscription { changes { cursor } }`)
	events := openEvents(t, url, "")
	a.Streams.Stop()
	if code, reason := s.closed(); code != 1012 {
		t.Errorf("closed with %d: %s", code, reason)
	}
	for events.lines.Scan() {
		if strings.Contains(events.lines.Text(), "complete") {
			t.Error("the stream of events is complete, so that its client does not come back")
		}
	}
}

// TestOneReadForAll: a change reaches 1,000 subscribers of the same operation with fewer than 20 statements.
func TestOneReadForAll(t *testing.T) {
	const connections, each, most = 10, 100, 20
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url, id := listen(t, a), a.Customer(t, "first")
		sockets := make([]*socket, connections)
		for i := range sockets {
			sockets[i] = connect(t, url, apitest.Operator)
			for n := range each {
				sockets[i].subscribe(fmt.Sprint(n), `subscription { customer(id: "`+id+`") { name capacityAvailable { amount } cloudUserGroups { totalCount } } }`)
			}
		}
		await := func(name string) {
			for _, s := range sockets {
				for n := 0; n < each; {
					var body struct {
						Data struct{ Customer struct{ Name string } }
					}
					if m := s.next(); json.Unmarshal(m.Payload, &body) == nil && body.Data.Customer.Name == name {
						n++
					}
				}
			}
		}
		await("first")
		before, started := a.Store.Stats().Statements, time.Now()
		a.Rename(t, id, "second")
		await("second")
		n := a.Store.Stats().Statements - before
		t.Logf("%d statements, %v", n, time.Since(started))
		if n >= most {
			t.Errorf("a change with %d subscribers takes %d statements", connections*each, n)
		}
	})
}
