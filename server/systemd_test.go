package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestSystemdIsTold: the server reports that it listens, its status, and that it stops.
func TestSystemdIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	told := &lines{}
	go func() {
		message := make([]byte, 4096)
		for {
			n, err := socket.Read(message)
			if err != nil {
				return
			}
			_, _ = told.Write(append(message[:n:n], '\n'))
		}
	}()
	s := start(t, "--database-url", "sqlite://"+t.TempDir()+"/test.db")
	has := func(text string) func() bool { return func() bool { return strings.Contains(told.String(), text) } }
	await(t, "systemd is told that the server serves", has("STATUS=serving"))
	if first, _, _ := strings.Cut(told.String(), "\n"); first != "READY=1" {
		t.Errorf("the first message is not that the server listens: %s", told)
	}
	s.stop()
	await(t, "systemd is told that the server stops", has("STOPPING=1"))
}
