package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"cloudapi/internal/budget"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/limit"
)

// limitFlags limit one request and one caller.
type limitFlags struct {
	MaxBody       int64 `name:"max-body" default:"${max_body}" help:"The largest body of a request, in bytes."`
	MaxHeader     int   `name:"max-header" default:"${max_header}" help:"The largest size of a request's URL and headers, in bytes."`
	MaxTokens     int   `name:"max-tokens" default:"${max_tokens}" help:"The largest number of tokens in a document, including comments."`
	MaxName       int   `name:"max-name" default:"${max_name}" help:"The longest name in a document, in bytes."`
	MaxDepth      int   `name:"max-depth" default:"${max_depth}" help:"The largest depth of nested fields in an operation."`
	MaxAliases    int   `name:"max-aliases" default:"${max_aliases}" help:"The largest number of aliases in an operation."`
	MaxDirectives int   `name:"max-directives" default:"${max_directives}" help:"The largest number of directives in an operation."`
	MaxOperations int   `name:"max-operations" default:"${max_operations}" help:"The largest number of operations in a document."`
	MaxVariables  int   `name:"max-variables" default:"${max_variables}" help:"The largest number of variables of an operation."`
	MaxValues     int   `name:"max-values" default:"${max_values}" help:"The largest number of values in one argument of a field."`
	MaxInputDepth int   `name:"max-input-depth" default:"${max_input_depth}" help:"The largest depth of nested lists and objects in an argument."`
	MaxCost       int   `name:"max-cost" default:"${max_cost}" help:"The largest number of objects that an operation may have to read, estimated before it runs."`
	MaxObjects    int   `name:"max-objects" default:"${max_objects}" help:"The largest number of objects in an answer, counted while it is produced."`
	MaxAnswer     int   `name:"max-answer" default:"${max_answer}" help:"The largest answer in bytes, counted while it is produced. For lists of the old URLs it applies to each page."`
	MaxMemory     int   `name:"max-memory" default:"${max_memory}" help:"The memory in bytes that all concurrent operations of one caller may hold, estimated."`
	MaxErrors     int   `name:"max-errors" default:"${max_errors}" help:"The largest number of errors in an answer."`
	RateBurst     int   `name:"rate-burst" default:"${rate_burst}" help:"The cost that a user may spend at once. -1 means no limit."`
	RatePerSecond int   `name:"rate-per-second" default:"${rate_per_second}" help:"The cost that a user regains per second."`
}

// limitDefaults returns the defaults of the limits for the help text.
func limitDefaults() kong.Vars {
	l, r, b := limit.Limits{}.OrDefault(), limit.Rates{}.OrDefault(), budget.Limits{}.OrDefault()
	vars := kong.Vars{}
	for name, value := range map[string]int{
		"max_body": api.MaxBody, "max_header": api.MaxHeader, "max_tokens": l.Tokens, "max_name": l.Name, "max_depth": l.Depth, "max_aliases": l.Aliases,
		"max_directives": l.Directives, "max_operations": l.Operations, "max_variables": l.Variables,
		"max_values": l.Values, "max_input_depth": l.InputDepth, "max_cost": l.Cost, "max_errors": l.Errors,
		"rate_burst": r.Burst, "rate_per_second": r.PerSecond,
		"max_objects": b.Objects, "max_answer": b.Bytes, "max_memory": b.Held,
	} {
		vars[name] = strconv.Itoa(value)
	}
	return vars
}

// check rejects limits that would not allow any request.
func (f *limitFlags) check() error {
	for name, value := range map[string]int{
		"max-body": int(f.MaxBody), "max-header": f.MaxHeader, "max-tokens": f.MaxTokens, "max-name": f.MaxName,
		"max-depth": f.MaxDepth, "max-aliases": f.MaxAliases, "max-directives": f.MaxDirectives,
		"max-operations": f.MaxOperations, "max-variables": f.MaxVariables, "max-values": f.MaxValues,
		"max-input-depth": f.MaxInputDepth, "max-cost": f.MaxCost, "max-errors": f.MaxErrors, "rate-per-second": f.RatePerSecond,
		"max-objects": f.MaxObjects, "max-answer": f.MaxAnswer, "max-memory": f.MaxMemory,
	} {
		if value < 1 {
			return fmt.Errorf("--%s must be at least 1, not %d", name, value)
		}
	}
	if f.RateBurst < f.MaxCost && f.RateBurst != -1 {
		return fmt.Errorf("--rate-burst must be at least --max-cost (%d), or -1 for no bound, not %d: an operation that costs more than the burst could never run", f.MaxCost, f.RateBurst)
	}
	return nil
}

// limit sets the options of an API from the flags.
func (f *limitFlags) limit(o *api.Options) {
	o.MaxBody, o.MaxHeader = f.MaxBody, f.MaxHeader
	o.Limits = limit.Limits{
		Tokens: f.MaxTokens, Name: f.MaxName, Depth: f.MaxDepth, Aliases: f.MaxAliases, Directives: f.MaxDirectives,
		Operations: f.MaxOperations, Variables: f.MaxVariables, Values: f.MaxValues, InputDepth: f.MaxInputDepth,
		Cost: f.MaxCost, Errors: f.MaxErrors,
	}
	o.Budget = budget.Limits{Objects: f.MaxObjects, Bytes: f.MaxAnswer, Held: f.MaxMemory}
	o.Rates = limit.Rates{Burst: f.RateBurst, PerSecond: f.RatePerSecond}
}

// documentFlags restrict documents and introspection.
type documentFlags struct {
	PersistedQueries bool   `name:"persisted-queries" default:"true" negatable:"" help:"Let clients send the SHA-256 of an earlier query instead of its text (automatic persisted queries)."`
	TrustedDocuments string `name:"trusted-documents" help:"A directory of .graphql files, or a manifest. /graphql then accepts only these documents."`
	Introspection    string `name:"introspection" enum:"users,administrators,nobody" default:"users" help:"The callers who may introspect the schema: users, administrators or nobody."`
}

func (f *documentFlags) documents(o *api.Options) {
	o.NoPersistedQueries, o.TrustedDocuments = !f.PersistedQueries, f.TrustedDocuments
	switch f.Introspection {
	case "administrators":
		o.Introspect = func(v *viewer.Viewer) bool { return v.May(viewer.Administrator) }
	case "nobody":
		o.Introspect = func(*viewer.Viewer) bool { return false }
	}
}

// timeFlags limit how long a connection may take to send and to receive.
type timeFlags struct {
	HeaderTime time.Duration `name:"header-time" default:"10s" help:"The time limit for the headers of a request."`
	ReadTime   time.Duration `name:"read-time" default:"30s" help:"The time limit for receiving a request."`
	WriteTime  time.Duration `name:"write-time" default:"10m" help:"The time limit for sending an answer."`
	IdleTime   time.Duration `name:"idle-time" default:"2m" help:"How long an idle connection stays open."`
}

// newServer returns a server without a socket.
func newServer(h http.Handler, t timeFlags, maxHeader int, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: t.HeaderTime,
		ReadTimeout:       t.ReadTime,
		WriteTimeout:      t.WriteTime,
		IdleTimeout:       t.IdleTime,
		MaxHeaderBytes:    maxHeader + api.HeaderRoom,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func (t *timeFlags) check() error {
	for name, d := range map[string]time.Duration{
		"header-time": t.HeaderTime, "read-time": t.ReadTime, "write-time": t.WriteTime, "idle-time": t.IdleTime,
	} {
		if d <= 0 {
			return fmt.Errorf("--%s must be more than 0, not %v", name, d)
		}
	}
	return nil
}
