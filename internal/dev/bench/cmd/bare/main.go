// Command bare serves the baseline handler that make bench compares the server with. It listens on the given address until
// an interrupt:
//
//	bare -database postgres://… -listen 127.0.0.1:9000
//	bare -database sqlite:///path/file.db
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	// The same drivers as the server's.
	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"

	"cloudapi/internal/dev/bench/bare"
)

func main() {
	database := flag.String("database", "", "the database's URL")
	listen := flag.String("listen", "127.0.0.1:9000", "the address to listen on")
	connections := flag.Int("max-conns", 20, "connections to the database at most")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *database, *listen, *connections); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, database, listen string, connections int) (err error) {
	driver, source, handler := "postgres", database, bare.New
	if file, ok := strings.CutPrefix(database, "sqlite://"); ok {
		driver, source, handler = "sqlite", "file:"+file+"?_pragma=journal_mode(WAL)&_pragma=case_sensitive_like(1)", bare.NewLite
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	h, err := handler(ctx, db)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("Serving at http://%s\n", listener.Addr())
	server := &http.Server{Handler: h.Routes(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
