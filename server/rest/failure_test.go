package rest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"cloudapi/internal/fault"
)

// TestFailureOf compares every code with the table of CONTRACT.md, section 1.
func TestFailureOf(t *testing.T) {
	const own = "Internal server error (request 7)"
	table := map[fault.Code]Failure{
		fault.Unauthenticated: {401, 9000, "Authentication required", "text"},
		fault.Forbidden:       {403, 9001, "Authorization Failed", "text"},
		fault.NotFound:        {404, 8002, "Not found", "text"},
		fault.Invalid:         {400, 8002, "Invalid request", "text"},
		fault.Conflict:        {409, 8002, "Conflict", "text"},
		fault.KeyReused:       {422, 8002, "Unprocessable Entity", "text"},
		fault.TooLarge:        {413, 8002, "Request Entity Too Large", "text"},
		fault.TooMany:         {429, 8002, "Too Many Requests", "text"},
		fault.Timeout:         {504, 8002, "Gateway Timeout", "text"},
		fault.Unavailable:     {503, 8002, "Internal server error", own},
		fault.Internal:        {500, 8002, "Internal server error", own},
	}
	for _, code := range fault.Codes() {
		want, ok := table[code]
		if got := failureOf(fault.New(code, "text"), "text", "7"); !ok || got != want {
			t.Errorf("%s is %+v, want %+v", code, got, want)
		}
	}
}

const faultsFile = "../../docs/xmlrpc.md"

// TestFaults checks XML-RPC's form of each failure (OLD-FAMILY.md, 3), and that the table in docs/xmlrpc.md is up to date.
func TestFaults(t *testing.T) {
	var table strings.Builder
	table.WriteString("| what | old URL: status | `code` | `message` | `exception` | XML-RPC: `faultCode` | `faultString` |\n|---|---|---|---|---|---|---|\n")
	row := func(what string, f Failure) {
		code, text := f.Fault()
		fmt.Fprintf(&table, "| %s | %d | %d | %s | %s | %d | %s |\n", what, f.status, f.code, f.message, f.exception, code, text)
	}
	row("unknown service", noService("x"))
	row("unknown method", NoMethod("s", "x"))
	for _, code := range fault.Codes() {
		f := failureOf(fault.New(code, "…"), "…", "<id>")
		row(string(code), f)
		wantCode, wantText := 8002, f.exception
		switch code {
		case fault.Unauthenticated:
			wantCode, wantText = 9000, "Authentication required"
		case fault.Forbidden:
			wantCode, wantText = 9001, "Authorization failed"
		}
		if got, text := f.Fault(); got != wantCode || text != wantText {
			t.Errorf("%s is the fault %d %q, want %d %q", code, got, text, wantCode, wantText)
		}
	}
	text, err := os.ReadFile(faultsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "<!-- faults -->\n"+table.String()+"<!-- end of faults -->\n") {
		t.Errorf("%s must have the table\n%s", faultsFile, &table)
	}
}
