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
	"github.com/google/uuid"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// deadline is when a test gives up waiting for what must come.
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

// dial opens a socket that is not initialised.
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
	text, _ := json.Marshal(query) // a string always encodes
	s.send(`{"id":%q,"type":"subscribe","payload":{"query":%s}}`, id, text)
}

// message is one from the server.
type message struct {
	Type    string
	ID      string
	Payload json.RawMessage
}

// next is the next message that is no ping.
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

// expect reads the next message, which must have a type and a part.
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

// TestCustomerArrives: a subscriber gets the customer, each change, and its end.
func TestCustomerArrives(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		id := a.Customer(t, "first")
		s := connect(t, url, apitest.Operator)
		s.subscribe("1", `subscription { customer(id: "`+id+`") { name } }`)
		s.expect("next", `{"customer":{"name":"first"}}`)
		for _, name := range []string{"second", "third"} {
			a.Rename(t, id, name)
			s.expect("next", `{"customer":{"name":"`+name+`"}}`)
		}
		_, err := a.Customers.Delete(viewer.SystemContext(t.Context()), model.DeleteCustomerInput{CustomerID: uuid.MustParse(id)})
		if err != nil {
			t.Fatal(err)
		}
		s.expect("next", `{"customer":null}`)
		s.expect("complete", "")
		s.subscribe("1", `subscription { customer(id: "`+id+`") { name } }`)
		s.expect("error", "NOT_FOUND")
	})
}

// TestChangesArriveOnceInOrder: from now on, and from a cursor on.
func TestChangesArriveOnceInOrder(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		s := connect(t, url, apitest.Administrator)
		const query = `subscription { changes%s { cursor customerId job { action status } customer { name } } }`
		s.subscribe("all", fmt.Sprintf(query, ""))
		s.subscribe("mark", `subscription { customer(id: "`+a.Customer(t, "mark")+`") { name } }`)
		names, cursors := []string{}, []string{}
		for len(names) < 3 {
			m := s.next()
			if m.ID == "mark" {
				for _, name := range []string{"a", "b"} {
					a.Customer(t, name)
				}
				continue
			}
			c := changeIn(t, m)
			names, cursors = append(names, c.Customer.Name), append(cursors, c.Cursor)
			if names[0] != "mark" { // the subscription may have begun after it
				names = append([]string{"mark"}, names...)
			}
		}
		if fmt.Sprint(names) != "[mark a b]" {
			t.Errorf("the changes are %v", names)
		}
		s.subscribe("again", fmt.Sprintf(query, `(after: "`+cursors[len(cursors)-2]+`", where: {action: "createCustomer"})`))
		if c := changeIn(t, s.next()); c.Customer.Name != "b" || c.Cursor != cursors[len(cursors)-1] || c.Job.Action != "createCustomer" {
			t.Errorf("after the second comes %+v", c)
		}
		s.subscribe("wrong", fmt.Sprintf(query, `(after: "nonsense")`))
		s.expect("error", "BAD_USER_INPUT")
	})
}

type changed struct {
	Cursor   string
	Job      struct{ Action, Status string }
	Customer struct{ Name string }
}

func changeIn(t testing.TB, m message) changed {
	t.Helper()
	var body struct{ Data struct{ Changes changed } }
	if err := json.Unmarshal(m.Payload, &body); err != nil || m.Type != "next" || body.Data.Changes.Cursor == "" {
		t.Fatalf("no change: %s %s", m.Type, m.Payload)
	}
	return body.Data.Changes
}

// TestRightsAtEveryEvent: a member gets what its groups may see, as long as it is
// in them, and the deletion of what it could see.
func TestRightsAtEveryEvent(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url, ctx := listen(t, a), viewer.SystemContext(t.Context())
		seen, hidden := a.Customer(t, "seen"), a.Customer(t, "hidden")
		mia, group := a.Group(t, seen, apitest.Member)
		s := connect(t, url, apitest.Member)
		s.subscribe("c", `subscription { customer(id: "`+seen+`") { name } }`)
		s.expect("next", "seen")
		s.subscribe("x", `subscription { changes { customerId job { action } } }`)
		s.subscribe("mark", `query { viewer { login } }`)
		// The answer to the query does not say that the subscription has begun;
		// changes are made until one arrives.
		begun := false
		for i := 0; !begun; i++ {
			a.Rename(t, hidden, fmt.Sprint("hidden ", i))
			a.Rename(t, seen, fmt.Sprint("seen ", i))
			m := s.next()
			begun = m.ID == "x"
			if strings.Contains(string(m.Payload), hidden) {
				t.Fatalf("a member is told of %s", m.Payload)
			}
		}
		if _, err := a.Customers.Delete(ctx, model.DeleteCustomerInput{CustomerID: uuid.MustParse(seen)}); err != nil {
			t.Fatal(err)
		}
		for gone, told := false, false; !gone || !told; {
			m := s.next()
			gone = gone || m.ID == "c" && m.Type == "complete"
			told = told || m.ID == "x" && strings.Contains(string(m.Payload), "deleteCustomer")
		}
		other := a.Customer(t, "other")
		a.AddGroup(t, other, group)
		s.subscribe("o", `subscription { customer(id: "`+other+`") { name } }`)
		for m := s.next(); m.ID != "o"; m = s.next() {
			continue
		}
		_, err := a.Directory.RemoveUser(ctx, model.RemoveUserFromGroupInput{CloudUserGroupID: group, CloudUserID: mia})
		if err != nil {
			t.Fatal(err)
		}
		for m := s.next(); m.ID != "o" || !strings.Contains(string(m.Payload), "null"); m = s.next() {
			continue
		}
	})
}

// TestDisabledUsersStreamsEnd: also on the other server.
func TestDisabledUsersStreamsEnd(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		s := connect(t, url, apitest.Operator)
		s.subscribe("1", `subscription { changes { cursor } }`)
		disabled := clouduser.StatusDISABLED
		_, err := a.Directory.UpdateUser(viewer.SystemContext(t.Context()), model.UpdateCloudUserInput{
			CloudUserID: a.UserID(t, apitest.Operator), Status: &disabled,
		})
		if err != nil {
			t.Fatal(err)
		}
		if code, reason := s.closed(); code != 4403 || !strings.Contains(reason, "no longer valid") {
			t.Errorf("closed with %d: %s", code, reason)
		}
	})
}

// TestEventsResume: a stream of events has cursors as ids, and Last-Event-ID
// goes on behind one.
func TestEventsResume(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		first := openEvents(t, url, "")
		for i := range 3 {
			a.Customer(t, fmt.Sprint("customer ", i))
		}
		_, ids := first.read(3)
		first.cancel()
		data, again := openEvents(t, url, ids[0]).read(2)
		if fmt.Sprint(again) != fmt.Sprint(ids[1:]) {
			t.Errorf("after %s come %v %v, want %v", ids[0], again, data, ids[1:])
		}
	})
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
