package graphqlhttp

import (
	"net/http/httptest"
	"testing"

	"github.com/coder/websocket"
)

// TestASocketMayEndBeforeItIsOpen: a server that stops ends the sockets whose upgrade is still running as well. They are
// closed when they open.
func TestASocketMayEndBeforeItIsOpen(t *testing.T) {
	s := &socket{streams: &Streams{}, operations: map[string]*operation{}}
	s.end(restartEnding())
	if s.ending == nil {
		t.Fatal("the end is lost")
	}
	started := make(chan struct{})
	s.open((*websocket.Conn)(nil), httptest.NewRequest("GET", "/graphql", nil), func() { close(started) })
	<-started
	if f := s.out.take(); f == nil || f.kind != "close" {
		t.Errorf("the first message is %v, not the close", f)
	}
}
