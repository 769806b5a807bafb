package rest

import (
	"testing"

	"cloudapi/internal/fault"
)

// TestFailureOf is the table of CONTRACT.md, section 1, for every code that
// there is.
func TestFailureOf(t *testing.T) {
	const own = "Internal server error (request 7)"
	table := map[fault.Code]failure{
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
