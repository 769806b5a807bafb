package api_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/store"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// growth is how many changes TestGrowth makes; docs/growth.md has the figures for a million.
var growth = flag.Int("growth", 400, "changes that TestGrowth makes on each database")

// TestGrowth measures the disk space of changes, and checks that it is below the figures in docs/growth.md.
func TestGrowth(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		// As in production, PostgreSQL writes whole pages into the WAL after a checkpoint.
		server := pgtest.Start(t, pgtest.Options{Settings: map[string]string{"full_page_writes": "on", "max_wal_size": "'1GB'"}})
		grow(t, server.URL("postgres"), `SELECT coalesce(sum(pg_table_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
			`SELECT coalesce(sum(pg_indexes_size(oid)), 0)::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
			`SELECT pg_table_size('jobs')`, `SELECT pg_indexes_size('jobs')`, `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint`)
	})
	t.Run("sqlite", func(t *testing.T) {
		path := t.TempDir() + "/test.db"
		grow(t, "sqlite://"+path, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`)
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 17<<20 {
			t.Errorf("the WAL has grown: %v %v", info, err)
		}
	})
}

// grow makes changes, and reports the growth of each figure per change.
func grow(t *testing.T, url string, figures ...string) {
	t.Helper()
	a := apitest.New(t, url, func(o *api.Options) { o.Rates.Burst = -1 })
	for i := range 50 {
		a.Customer(t, fmt.Sprintf("Before %d", i))
	}
	before, begun := measure(t, a.Store, figures), time.Now()
	var work sync.WaitGroup
	const clients = 8
	for client := range clients {
		work.Go(func() {
			id := a.Customer(t, fmt.Sprintf("Grown %d", client))
			for i := range *growth / clients {
				growing(t, a, client, i, &id)
			}
		})
	}
	work.Wait()
	took, after := time.Since(begun), measure(t, a.Store, figures)
	t.Logf("%d changes in %v", *growth, took.Round(time.Second))
	for i, figure := range figures {
		each := (after[i] - before[i]) / int64(*growth)
		t.Logf("%6d bytes a change (%d in all): %s", each, after[i]-before[i], figure)
		if *growth >= 400 && each > 8000 {
			t.Errorf("%d bytes a change: docs/growth.md has less: %s", each, figure)
		}
	}
}

// growing makes one change: of a hundred, 70 add capacity, 10 rename, 10 create a cloud space, and 10 create a customer.
func growing(t *testing.T, a *apitest.API, client, i int, id *string) {
	vars := map[string]any{"id": *id}
	change := `mutation($id: ID!) { addCapacityAvailable(input: { customerId: $id, type: CU, amount: 1 }) { job { id } } }`
	switch i % 10 {
	case 0:
		*id = a.Customer(t, fmt.Sprintf("Customer %d of client %d, with a name", i, client))
		return
	case 1:
		change = fmt.Sprintf(`mutation($id: ID!) { createCloudSpace(input: { customerId: $id, name: "space %d" }) { job { id } } }`, i)
	case 2:
		change = fmt.Sprintf(`mutation($id: ID!) { updateCustomer(input: { customerId: $id, description: "A description of a customer, number %d" }) { job { id } } }`, i)
	}
	if answer := a.Query(apitest.Administrator, change, vars); strings.Contains(answer.Body, `"errors"`) {
		t.Errorf("%s: %s", change, answer.Body)
	}
}

// measure reads each figure.
func measure(t *testing.T, s *store.Store, figures []string) []int64 {
	t.Helper()
	db := s.Driver().(interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	})
	all := make([]int64, len(figures))
	for i, figure := range figures {
		all[i] = measureOne(t, db, figure)
	}
	return all
}

// measureOne reads one figure.
func measureOne(t *testing.T, db interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}, figure string) (value int64) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), figure)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	if found.Next() {
		err = found.Scan(&value)
	}
	if err = errors.Join(err, found.Err()); err != nil {
		t.Fatalf("%s: %v", figure, err)
	}
	return value
}
