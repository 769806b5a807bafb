package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// logFlags say what is logged and how.
type logFlags struct {
	LogFormat string `name:"log-format" enum:"text,json" default:"text" help:"The form of the log: text or json."`
	LogLevel  string `name:"log-level" enum:"debug,info,warn,error" default:"info" help:"The least that is logged: debug, info, warn or error."`
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
	ReadDatabaseURL string        `name:"read-database-url" help:"Standbys to read from, on PostgreSQL: postgres://user:password@host:port,host:port/name. One answers a query when it has everything that was committed before; the primary does otherwise."`
	AutoMigrate     bool          `name:"auto-migrate" default:"true" negatable:"" help:"Migrate the database at the start."`
	AdminLogin      string        `name:"admin-login" default:"admin" help:"The login of the administrator that the first start creates."`
	AdminPassword   string        `name:"admin-password" help:"Its password; generated and printed once where none is given. Better given by the environment."`
	PortalURL       string        `name:"portal-url" help:"The ITPS portal; accounts in this database where none is given."`
	SecretKey       string        `name:"secret-key" help:"The key that encrypts the secrets of waiting jobs, the same on every server of a database: 32 random bytes at least, as openssl rand -base64 32 prints them. Without it the key is kept in the database."`
	SessionTime     time.Duration `name:"session-time" default:"12h" help:"How long a session lasts."`
	RequestTime     time.Duration `name:"request-time" default:"30s" help:"How long a request may take."`
	DrainTime       time.Duration `name:"drain-time" default:"10s" help:"How long the server, when it stops, still serves while it says that it is not ready, so that no more is sent to it."`
	ShutdownTime    time.Duration `name:"shutdown-time" default:"30s" help:"How long requests then have to end."`
	FastReads       bool          `name:"fast-reads" default:"true" negatable:"" help:"Answer nested reads with one statement, on PostgreSQL."`
	SharedReads     bool          `name:"shared-reads" default:"true" negatable:"" help:"Answer reads that come at the same time with one statement, where they are fast."`
	SharedCommits   bool          `name:"shared-commits" default:"true" negatable:"" help:"Keep changes that come at the same time with one commit."`
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
	HTTPSOnly   bool     `name:"require-https-for-changes" help:"Refuse changes that come over plain HTTP, unless a trusted proxy says in X-Forwarded-Proto that they came over HTTPS."`
}
