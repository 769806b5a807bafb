package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"cloudapi/internal/fault"
	"cloudapi/internal/service"
)

// debugFlags configure the debug port, which is for people on the machine.
type debugFlags struct {
	DebugListen string `name:"debug-listen" help:"An address on loopback for /debug/pprof and /metrics, for example 127.0.0.1:6060. By default the port is closed."`
}

// debug serves profiles and metrics on the debug port, if one is set, until stop is called. Profiles contain memory and take
// CPU time, so only people who can log in to the machine may have them.
func (f *debugFlags) debug(ctx context.Context, metrics http.Handler, log *slog.Logger) (stop func(), err error) {
	if f.DebugListen == "" {
		return func() {}, nil
	}
	if err := onLoopback("--debug-listen", f.DebugListen, "profiles show what is in memory"); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", f.DebugListen)
	if err != nil {
		return nil, fmt.Errorf("--debug-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("POST /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	// A profile takes as long as its request asks for.
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second}
	log.InfoContext(ctx, "debug port", "address", listener.Addr().String())
	done := make(chan struct{})
	service.Go(log, "debug-port", func() {
		defer close(done)
		_ = server.Serve(listener) // returns when the listener is closed
	})
	return func() {
		_ = server.Close()
		<-done
	}, nil
}

// onLoopback rejects an address that other machines can reach.
func onLoopback(flag, address, because string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fault.New(fault.Invalid, "%s: %s; it listens on loopback only, not on %q", flag, because, address)
	}
	return nil
}
