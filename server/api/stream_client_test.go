package api_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"cloudapi/server/api/apitest"
)

// deadline is how long a test waits for an expected message.
const deadline = 30 * time.Second

// listen serves an API on a socket.
func listen(t testing.TB, a *apitest.API) string {
	t.Helper()
	server := httptest.NewServer(a.Handler)
	t.Cleanup(func() {
		a.Streams.Stop()
		server.Close()
	})
	return server.URL
}

// socket is a client of graphql-transport-ws.
type socket struct {
	t    testing.TB
	conn *websocket.Conn
	ctx  context.Context
}

func basic(login string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(login+":"+apitest.Password))
}

// dial opens a socket without connection_init.
func dial(t testing.TB, url string, header http.Header, protocols ...string) *socket {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), deadline)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/graphql", &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: protocols,
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 22)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &socket{t: t, conn: conn, ctx: ctx}
}

// connect opens a socket as login.
func connect(t testing.TB, url, login string) *socket {
	t.Helper()
	s := dial(t, url, nil, "graphql-transport-ws")
	s.send(`{"type":"connection_init","payload":{"Authorization":%q}}`, basic(login))
	if m := s.next(); m.Type != "connection_ack" {
		t.Fatalf("not acknowledged: %+v", m)
	}
	return s
}

func (s *socket) send(format string, args ...any) {
	s.t.Helper()
	if err := s.conn.Write(s.ctx, websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) subscribe(id, query string) {
	s.t.Helper()
	text, _ := json.Marshal(query) // a string can always be encoded
	s.send(`{"id":%q,"type":"subscribe","payload":{"query":%s}}`, id, text)
}

// message is a message of the server.
type message struct {
	Type    string
	ID      string
	Payload json.RawMessage
}

// next returns the next message except pings.
func (s *socket) next() message {
	s.t.Helper()
	for {
		_, text, err := s.conn.Read(s.ctx)
		if err != nil {
			s.t.Fatalf("read: %v", err)
		}
		var m message
		if err := json.Unmarshal(text, &m); err != nil {
			s.t.Fatalf("%s: %v", text, err)
		}
		if m.Type != "ping" {
			return m
		}
	}
}

// expect reads the next message and checks its type and a part of it.
func (s *socket) expect(kind, part string) message {
	s.t.Helper()
	m := s.next()
	if m.Type != kind || !strings.Contains(string(m.Payload), part) {
		s.t.Fatalf("the server sends %s %s, want %s with %s", m.Type, m.Payload, kind, part)
	}
	return m
}

// closed reads until the connection is closed, and returns the code.
func (s *socket) closed() (int, string) {
	s.t.Helper()
	for {
		_, _, err := s.conn.Read(s.ctx)
		if code := websocket.CloseStatus(err); code != -1 {
			return int(code), err.Error()
		}
		if err != nil {
			s.t.Fatalf("closed without a code: %v", err)
		}
	}
}

type eventStream struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func openEvents(t *testing.T, url, last string) *eventStream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql",
		strings.NewReader(`{"query":"subscription { changes { cursor job { action } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Authorization", basic(apitest.Administrator))
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("%d, Content-Type %s", answer.StatusCode, got)
	}
	return &eventStream{t, bufio.NewScanner(answer.Body), cancel}
}

// read reads events.
func (e *eventStream) read(n int) (data, ids []string) {
	e.t.Helper()
	for len(data) < n && e.lines.Scan() {
		if id, ok := strings.CutPrefix(e.lines.Text(), "id: "); ok {
			ids = append(ids, id)
		}
		if text, ok := strings.CutPrefix(e.lines.Text(), "data: "); ok {
			data = append(data, text)
		}
	}
	if len(data) < n || len(ids) < n {
		e.t.Fatalf("%d events with %d ids: %v", len(data), len(ids), e.lines.Err())
	}
	return data, ids
}
