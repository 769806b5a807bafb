package graphqlhttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"cloudapi/internal/service"
	"cloudapi/internal/viewer"
	"cloudapi/server/observe"
	"cloudapi/server/subscription"
)

const (
	transportWebSocket = "websocket"
	// protocol is the sub-protocol (PROTOCOL.md of graphql-ws).
	protocol = "graphql-transport-ws"
)

// The close codes.
const (
	closeNormal       = 1000
	closeRestart      = 1012
	closeBad          = 4400 // an invalid message
	closeUnauthorized = 4401 // an operation before connection_ack
	closeForbidden    = 4403 // invalid or expired credentials
	closeProtocol     = 4406 // the client does not support the sub-protocol
	closeTimeout      = 4408 // no connection_init in time
	closeExists       = 4409 // an operation with an id that is in use
	closeTooMany      = 4429 // a second connection_init, or a limit
)

// socket is one WebSocket.
type socket struct {
	handler *Handler
	streams *Streams
	conn    *websocket.Conn
	stream  *stream
	request *http.Request // the parts of the upgrade request that are still needed
	out     *outbox

	ctx    context.Context // ends with the connection
	cancel context.CancelFunc

	mu           sync.Mutex
	initialised  bool // connection_init was received
	acknowledged bool
	operations   map[string]*operation
	ending       *ending
	lastReceived time.Time
	pinged       bool
	idleSince    time.Time
	init         *time.Timer
}

// operation is a running operation of a socket.
type operation struct {
	cancel context.CancelFunc
	// Set when a subscription has started:
	subscriber *subscription.Subscriber
	release    func() // ends the count of the subscription
}

// webSocket reports whether a request is an upgrade to WebSocket.
func webSocket(r *http.Request) bool { return headerHas(r.Header, "Upgrade", "websocket") }

// serveWebSocket upgrades a request to a WebSocket. The handler returns at once, so that most of the request's memory is
// freed.
func (h *Handler) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	s := &socket{
		handler: h, streams: h.Streams, operations: map[string]*operation{},
		request:      &http.Request{RemoteAddr: r.RemoteAddr, Host: r.Host},
		lastReceived: time.Now(), idleSince: time.Now(),
	}
	s.stream = &stream{transport: transportWebSocket, end: s.end, checkLiveness: s.checkLiveness}
	if err := h.Streams.add(s.stream); err != nil {
		w.Header().Set("Content-Type", typeJSON)
		h.send(w, r, typeGraphQL, h.Engine.Refuse(r.Context(), err))
		return
	}
	w.Header().Del("Content-Type")
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{protocol},
		// The origin was already checked, as for CORS.
		InsecureSkipVerify: true,
	})
	if err != nil {
		h.Streams.remove(s.stream) // Accept has sent an answer
		return
	}
	observe.NoteUpgrade(r.Context())
	conn.SetReadLimit(h.Streams.Limits.Message)
	s.open(conn, r, func() { service.Go(h.Streams.Log, "websocket-writer", s.write) })
	if conn.Subprotocol() != protocol {
		s.end(ending{code: closeProtocol, reason: "Subprotocol not acceptable"})
	} else {
		s.init = service.AfterFunc(h.Streams.Log, "websocket-init", h.Streams.Limits.InitTime, s.missing)
	}
	service.Go(h.Streams.Log, "websocket-reader", s.read)
}

// open gives the socket its connection, and a function that starts a writer. A server that stops may have ended the socket
// before.
func (s *socket) open(conn *websocket.Conn, r *http.Request, startWriter func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
	s.ctx, s.cancel = context.WithCancel(context.WithoutCancel(r.Context()))
	s.out = &outbox{maxBytes: s.streams.Limits.Queue, start: startWriter}
	if s.ending != nil {
		s.out.put(&frame{kind: "close"}, true)
	}
}

func (s *socket) missing() {
	s.mu.Lock()
	missing := !s.initialised
	s.mu.Unlock()
	if missing {
		s.end(ending{code: closeTimeout, reason: "Connection initialisation timeout"})
	}
}

// read handles the client's messages until the connection ends.
func (s *socket) read() {
	defer s.close()
	for {
		kind, text, err := s.conn.Read(s.ctx)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.lastReceived, s.pinged = time.Now(), false
		s.mu.Unlock()
		if kind != websocket.MessageText {
			s.closeInvalid("Only text messages are accepted")
			continue
		}
		s.message(text)
	}
}

// close ends all operations of a closed connection.
func (s *socket) close() {
	if s.init != nil {
		s.init.Stop()
	}
	s.out.close()
	s.mu.Lock()
	running := s.operations
	s.operations = nil
	s.mu.Unlock()
	for _, o := range running {
		s.stop(o)
	}
	s.streams.remove(s.stream)
	s.cancel()
	_ = s.conn.CloseNow()
}

func (s *socket) stop(o *operation) {
	o.cancel()
	s.mu.Lock()
	subscriber, release := o.subscriber, o.release
	s.mu.Unlock()
	if subscriber != nil {
		subscriber.Cancel()
		release()
	}
}

// end ends the connection: it sends the fault and the cursor to each subscription, and then the close code, after the queued
// messages.
func (s *socket) end(e ending) {
	s.mu.Lock()
	if s.ending != nil || s.operations == nil {
		s.mu.Unlock()
		return
	}
	s.ending = &e
	if s.out == nil { // open sends it
		s.mu.Unlock()
		return
	}
	subscribers := map[string]*subscription.Subscriber{}
	for id, o := range s.operations {
		if o.subscriber != nil {
			subscribers[id] = o.subscriber
		}
	}
	s.mu.Unlock()
	if e.fault != nil {
		for id, subscriber := range subscribers {
			f := *e.fault
			if cursor := subscriber.Cursor(); cursor != "" {
				f.Details = map[string]any{"cursor": cursor}
			}
			subscriber.Cancel()
			s.out.put(&frame{kind: "error", id: id, body: encode(s.handler.Engine.Present(s.ctx, &f))}, true)
		}
	}
	s.out.put(&frame{kind: "close"}, true)
}

// closeReason shortens a reason to 123 bytes of UTF-8 (RFC 6455, 5.5.1).
func closeReason(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 123)], "")
}

func (s *socket) closeInvalid(reason string) { s.end(ending{code: closeBad, reason: reason}) }

// write sends the queued messages, and ends.
func (s *socket) write() {
	for {
		f := s.out.take()
		if f == nil {
			return
		}
		if f.kind == "close" {
			s.mu.Lock()
			e := s.ending
			s.mu.Unlock()
			_ = s.conn.Close(websocket.StatusCode(e.code), closeReason(e.reason))
			s.cancel()
			return
		}
		ctx, cancel := context.WithTimeout(s.ctx, s.streams.Limits.WriteTime)
		err := s.conn.Write(ctx, websocket.MessageText, f.message())
		cancel()
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				s.streams.Ended(observe.CutSlow)
				s.streams.Log.InfoContext(s.ctx, "a stream is closed: its client does not read")
			}
			s.cancel() // ends the reader, which cleans up
			return
		}
	}
}

// message encodes a frame for the protocol.
func (f *frame) message() []byte {
	b := append([]byte(`{"type":"`), f.kind...)
	b = append(b, '"')
	if f.id != "" {
		id, _ := json.Marshal(f.id) // a string can always be encoded
		b = append(append(b, `,"id":`...), id...)
	}
	if len(f.body) > 0 {
		b = append(append(b, `,"payload":`...), f.body...)
	}
	return append(b, '}')
}

// identify authenticates by the payload of connection_init, or by the upgrade request.
func (s *socket) identify(payload map[string]json.RawMessage) error {
	v := viewer.FromContext(s.ctx)
	if header := authorization(payload); header != "" {
		req := (&http.Request{
			Header: http.Header{"Authorization": {header}}, RemoteAddr: s.request.RemoteAddr, Host: s.request.Host,
		}).WithContext(s.ctx)
		var err error
		if v, err = s.handler.Authenticate(req); err != nil {
			return err
		}
		s.ctx = viewer.NewContext(s.ctx, v)
	}
	return s.streams.identify(s.ctx, s.stream, v)
}

// authorization returns the member Authorization of a connection_init's payload, at the top level or in headers.
func authorization(payload map[string]json.RawMessage) string {
	for _, name := range []string{"Authorization", "authorization"} {
		var text string
		if json.Unmarshal(payload[name], &text) == nil && text != "" {
			return text
		}
	}
	var headers map[string]json.RawMessage
	if json.Unmarshal(payload["headers"], &headers) == nil && headers != nil {
		return authorization(headers)
	}
	return ""
}
