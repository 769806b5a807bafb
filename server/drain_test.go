package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRequestsThatHaveBegunAreAnswered stops a server while a request is running: new connections are rejected, the running
// request is answered, and the server exits with success.
func TestRequestsThatHaveBegunAreAnswered(t *testing.T) {
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db")
	const body = `{"query":"mutation { createCustomer(input: {name: \"late\"}) { customer { name } } }"}`
	half := len(body) / 2
	var begun []net.Conn
	for range 8 {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, err = fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n"+
			"Expect: 100-continue\r\n\r\n", base64.StdEncoding.EncodeToString([]byte("admin:"+testPassword)), len(body))
		if err != nil {
			t.Fatal(err)
		}
		// The server sends this when it reads the body, so the request has begun.
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("%q, %v", line, err)
		}
		if _, err := io.WriteString(c, body[:half]); err != nil {
			t.Fatal(err)
		}
		begun = append(begun, c)
	}
	status := make(chan int, 1)
	go func() { status <- s.stop() }()
	refused(t, strings.TrimPrefix(s.URL, "http://"))
	for i, c := range begun {
		if _, err := io.WriteString(c, body[half:]); err != nil {
			t.Errorf("request %d: %v", i, err)
			continue
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Errorf("request %d: %v", i, err)
			continue
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil || !strings.Contains(string(text), `"name":"late"`) {
			t.Errorf("request %d: %d %s, %v", i, answer.StatusCode, text, err)
		}
	}
	if got := <-status; got != 0 {
		t.Errorf("the server has ended with %d: %s", got, s.logs)
	}
}

// refused waits until an address rejects connections.
func refused(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			t.Fatal("the server still takes requests")
		}
	}
}
