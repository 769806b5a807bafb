package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

const anyChange = `subscription { changes { cursor } }`

// limited serves an API with limits on its streams.
func limited(t *testing.T, set func(*api.Options)) string {
	t.Helper()
	return listen(t, apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", set))
}

// opened opens a stream of events and returns the status and the text of the answer.
func opened(t *testing.T, url, login string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/graphql", strings.NewReader(`{"query":"`+anyChange+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", basic(login))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	text := make([]byte, 2000)
	n, _ := response.Body.Read(text)
	return response.StatusCode, string(text[:n])
}

// TestConnectionsAreBounded: the limits of the server and of each user apply to both transports.
func TestConnectionsAreBounded(t *testing.T) {
	t.Run("server", func(t *testing.T) {
		url := limited(t, func(o *api.Options) { o.Streams.Connections = 2 })
		connect(t, url, apitest.Administrator)
		if status, text := opened(t, url, apitest.Operator); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		status, text := opened(t, url, apitest.Member)
		if !strings.Contains(text, `"limit":"connections"`) || !strings.Contains(text, "RATE_LIMITED") {
			t.Errorf("the third stream of two: %d %s", status, text)
		}
	})
	t.Run("user", func(t *testing.T) {
		url := limited(t, func(o *api.Options) { o.Streams.UserConnections = 1 })
		connect(t, url, apitest.Operator)
		if _, text := opened(t, url, apitest.Operator); !strings.Contains(text, `"limit":"user_connections"`) {
			t.Errorf("the second stream of one: %s", text)
		}
		s := dial(t, url, nil, "graphql-transport-ws")
		s.send(`{"type":"connection_init","payload":{"Authorization":%q}}`, basic(apitest.Operator))
		if code, reason := s.closed(); code != 4429 {
			t.Errorf("closed with %d: %s", code, reason)
		}
		connect(t, url, apitest.Member) // another user has separate limits
	})
}

// TestSubscriptionsAreBounded: the limits of the server, of each user, and of a connection. The end of a subscription frees
// its place.
func TestSubscriptionsAreBounded(t *testing.T) {
	for name, set := range map[string]func(*api.Options){
		"subscriptions":      func(o *api.Options) { o.Streams.Subscriptions = 1 },
		"user_subscriptions": func(o *api.Options) { o.Streams.UserSubscriptions = 1 },
		"operations":         func(o *api.Options) { o.Streams.Operations = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			s := connect(t, limited(t, set), apitest.Operator)
			s.subscribe("1", `subscription { customer(id: "`+missing+`") { name } }`)
			s.expect("error", "NOT_FOUND")
			s.subscribe("2", anyChange)
			for refused := false; !refused; {
				s.subscribe("3", anyChange)
				m := s.next()
				refused = strings.Contains(string(m.Payload), `"limit":"`+name+`"`)
				if !refused { // the second has not begun yet
					t.Fatalf("%s %s", m.Type, m.Payload)
				}
			}
			s.send(`{"id":"2","type":"complete"}`)
			s.subscribe("4", `{ viewer { login } }`)
			s.expect("next", apitest.Operator)
		})
	}
}

// missing is the guid of no customer.
const missing = "22544b07-4129-47b1-8690-b92c0db21434"

// TestLongMessageEndsTheConnection: the size of a client's message is limited.
func TestLongMessageEndsTheConnection(t *testing.T) {
	s := connect(t, limited(t, func(o *api.Options) { o.Streams.Message = 1000 }), apitest.Operator)
	s.send(`{"type":"ping","payload":{"text":%q}}`, strings.Repeat("x", 2000))
	if code, reason := s.closed(); code != 1009 {
		t.Errorf("closed with %d: %s", code, reason)
	}
}

// TestIdleConnectionEnds: a connection without an operation ends; one with an operation stays.
func TestIdleConnectionEnds(t *testing.T) {
	url := limited(t, func(o *api.Options) { o.Streams.IdleTime = 100 * time.Millisecond })
	busy, idle := connect(t, url, apitest.Operator), connect(t, url, apitest.Operator)
	busy.subscribe("1", anyChange)
	if code, reason := idle.closed(); code != 1000 || !strings.Contains(reason, "Idle") {
		t.Errorf("closed with %d: %s", code, reason)
	}
	busy.send(`{"type":"ping"}`)
	busy.expect("pong", "")
}
