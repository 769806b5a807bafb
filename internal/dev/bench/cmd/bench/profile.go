package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// profile puts the server under the load of each row once more, and writes a CPU profile: `go tool pprof -top FILE`.
func (b *bed) profile(ctx context.Context, o options, rows []row, m *measuring) error {
	if o.profiles == "" {
		return nil
	}
	for _, r := range rows {
		if r.subjects[0].target != b.server {
			continue
		}
		fetched := make(chan error, 1)
		go func() { fetched <- b.fetch(ctx, o.seconds, filepath.Join(o.profiles, r.key+".pprof")) }()
		// The load continues until the profile is complete.
		_, err := m.one(ctx, r.subjects[0], time.Duration(o.seconds+1)*time.Second)
		if err := join(err, <-fetched); err != nil {
			return fmt.Errorf("profile %s: %w", r.key, err)
		}
	}
	return nil
}

func (b *bed) fetch(ctx context.Context, seconds int, path string) error {
	url := "http://" + b.debug + "/debug/pprof/profile?seconds=" + strconv.Itoa(seconds)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.200s", response.Status, data)
	}
	return join(err, os.WriteFile(path, data, 0o644))
}

// freeAddress returns an unused address on loopback.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
