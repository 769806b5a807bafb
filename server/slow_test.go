package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// senders returns the beginnings of requests that continue slowly and never end: headers, a body without credentials, one
// with credentials, and one to an old URL.
func senders() []string {
	who := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("admin:"+testPassword)) + "\r\n"
	body := "Content-Type: application/json\r\nContent-Length: 5000\r\n"
	return []string{
		"POST /graphql HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"POST /graphql HTTP/1.1\r\nHost: localhost\r\n" + body + "\r\n{",
		"POST /graphql HTTP/1.1\r\nHost: localhost\r\n" + who + body + "\r\n{",
		"POST /appserver/rest/cloud_api_customer/list HTTP/1.1\r\nHost: localhost\r\n" + who +
			"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\na",
		"",
	}
}

// TestSlowSenders: the server ends 150 connections that send slowly, and other clients are not delayed.
func TestSlowSenders(t *testing.T) {
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db", "--header-time", "1s", "--read-time", "2s", "--idle-time", "2s")
	const honest = "{ customers(first: 1) { totalCount } }"
	s.query(t, honest)
	before := runtime.NumGoroutine()
	all := senders()
	ended := make(chan error, 150)
	for i := range cap(ended) {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		go func() { ended <- dribble(c, all[i%len(all)]) }()
	}
	s.query(t, honest)
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.query(t, honest)
	}
	// Few keep-alive connections are needed.
	for range 100 {
		if runtime.NumGoroutine() <= before+10 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left of %d before", runtime.NumGoroutine(), before)
}

// dribble sends a beginning and then single bytes, until the server ends the connection.
func dribble(c net.Conn, beginning string) error {
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	over := make(chan struct{})
	defer close(over)
	go func() {
		_, _ = io.WriteString(c, beginning)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for beginning != "" {
			select {
			case <-over:
				return
			case <-tick.C:
				_, _ = io.WriteString(c, "a")
			}
		}
	}()
	_, err := io.Copy(io.Discard, c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%.30q: the server does not end the connection", beginning)
	}
	return nil // closed, or reset because bytes were in transit
}
