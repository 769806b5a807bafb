package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// logFlags configure the log.
type logFlags struct {
	LogFormat string `name:"log-format" enum:"text,json" default:"text" help:"The format of the log: text or json."`
	LogLevel  string `name:"log-level" enum:"debug,info,warn,error" default:"info" help:"The lowest level that is logged: debug, info, warn or error."`
}

func (f *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	options := &slog.HandlerOptions{Level: level}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return slog.New(slog.NewTextHandler(w, options)), nil
}

// serveFlags are the options of a server.
type serveFlags struct {
	Listen          string        `default:"127.0.0.1:8080" help:"The address to listen on."`
	ReadDatabaseURL string        `name:"read-database-url" help:"PostgreSQL standbys for reads: postgres://user:password@host:port,host:port/name. A standby answers when it has replayed everything committed before the query; otherwise the primary answers."`
	AutoMigrate     bool          `name:"auto-migrate" default:"true" negatable:"" help:"Migrate the database at the start."`
	AdminLogin      string        `name:"admin-login" default:"admin" help:"The login of the administrator that the first start creates."`
	AdminPassword   string        `name:"admin-password" help:"The password of the first administrator. By default it is generated and printed once. Prefer the environment variable: flags are visible in the process list."`
	PortalURL       string        `name:"portal-url" help:"The URL of the ITPS portal. By default the portal accounts are in this database."`
	SecretKey       string        `name:"secret-key" help:"The key that encrypts the secrets of waiting jobs: at least 32 random bytes, as printed by openssl rand -base64 32. All servers of a database need the same key. By default the key is stored in the database."`
	SessionTime     time.Duration `name:"session-time" default:"12h" help:"The lifetime of a session."`
	RequestTime     time.Duration `name:"request-time" default:"30s" help:"The time limit of a request."`
	DrainTime       time.Duration `name:"drain-time" default:"10s" help:"How long a stopping server still serves requests while /readyz reports that it is not ready, so that a load balancer stops sending requests to it."`
	ShutdownTime    time.Duration `name:"shutdown-time" default:"30s" help:"The time that running requests have to end after the drain time."`
	Playground      bool          `name:"playground" default:"true" negatable:"" help:"Serve the playground at /playground."`
	Compression     bool          `name:"compression" default:"true" negatable:"" help:"Compress large answers with gzip or zstd, if the client accepts it."`
	FastReads       bool          `name:"fast-reads" default:"true" negatable:"" help:"Answer nested reads with one SQL statement."`
	SharedReads     bool          `name:"shared-reads" default:"true" negatable:"" help:"Let concurrent reads share one SQL statement."`
	SharedCommits   bool          `name:"shared-commits" default:"true" negatable:"" help:"Let concurrent changes share one commit."`
	tlsFlags
	signInFlags
	jobFlags
	limitFlags
	streamFlags
	documentFlags
	timeFlags
	telemetryFlags
	debugFlags
	CORSOrigins []string `name:"cors-origin" help:"Origins of other sites whose scripts may call the API."`
	HTTPSOnly   bool     `name:"require-https-for-changes" help:"Refuse changes over plain HTTP, unless a trusted proxy reports HTTPS in X-Forwarded-Proto."`
}
