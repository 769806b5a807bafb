package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"cloudapi/internal/dev/pgtest"
)

// TestBehindPooler: a server on an empty database behind PgBouncer migrates it, and changes and reads on all paths, also
// with more concurrent requests than the pooler has sessions. Neither the pooler nor the server logs an error.
func TestBehindPooler(t *testing.T) {
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			server := pgtest.Start(t, pgtest.Options{})
			pooler := server.Pool(t, mode, 12)
			flags := []string{"--database-url", pooler.URL("postgres"), "--max-conns", "8"}
			if mode == "transaction" {
				flags = append(flags, "--max-conns", "20", "--transaction-pooling", "--direct-database-url", server.URL("postgres"))
			}
			s := start(t, flags...)
			furnish(t, s)
			var work sync.WaitGroup
			for worker := range 24 {
				work.Go(func() { busy(t, s, worker) })
			}
			work.Wait()
			if answer := s.query(t, `{ customers(where: { nameContains: "Pooled" }) { totalCount } }`); !strings.Contains(answer, `"totalCount":120`) {
				t.Errorf("customers: %s", answer)
			}
			for _, said := range []string{"unsupported startup parameter", "already exists", "does not exist"} {
				if strings.Contains(pooler.Log(), said) || strings.Contains(s.logs.String(), said) {
					t.Errorf("somebody says %q:\n%s\n%s", said, pooler.Log(), s.logs)
				}
			}
			if strings.Contains(s.logs.String(), "level=ERROR") || strings.Contains(s.logs.String(), "do not arrive") {
				t.Errorf("the server's log: %s", s.logs)
			}
		})
	}
}

// busy makes changes and reads.
func busy(t *testing.T, s *running, worker int) {
	for i := range 5 {
		name := fmt.Sprintf("Pooled %d %d", worker, i)
		made := s.query(t, fmt.Sprintf(`mutation { createCustomer(input: { name: %q }) { customer { id } } }`, name), "Idempotency-Key", name)
		if strings.Contains(made, `"errors"`) {
			t.Errorf("%s: %s", name, made)
		}
		s.query(t, `{ customers(first: 10) { nodes { name capacityAvailable { amount } domains { nodes { name } } } } jobs(first: 3) { nodes { id action } } }`)
		s.ask(t, http.MethodGet, "/appserver/rest/cloud_api_customer/find?name=Still", "")
	}
}
