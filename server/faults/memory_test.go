package faults

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
)

const (
	// maxMemory is how much memory a server may use while one caller does its worst, with default options.
	maxMemory = 300 << 20
	// slowestProbe is how long /healthz may take meanwhile; it takes milliseconds on an idle machine.
	slowestProbe = 5 * time.Second
	// hostileTime is the time limit of requests. The circular query must end by another limit before, also on a busy
	// machine; in a payload, which takes a statement for each list, it may end by its time on a busy machine.
	hostileTime = 12 * time.Second
)

// attack is what one caller sends to exhaust a server.
type attack struct {
	name string
	// send sends all of it and returns an answer to check.
	send func(t *testing.T, h *hostile) answer
	// limits has the limits of which the answer names one, by name or "time", separated by "|"; "*" accepts any answer.
	limits string
}

// hostile is a caller with its prepared data.
type hostile struct {
	*world
	circle, large string // customers with 60 units and with 10,000
}

// TestNoCallerFillsAServer: whatever one caller requests, a server with default options stays below 300 MB, answers others,
// and names the limit.
func TestNoCallerFillsAServer(t *testing.T) {
	each(t, func(t *testing.T, db *database) {
		h := newHostile(t, db)
		for _, a := range attacks() {
			h.carryOut(t, a)
		}
		h.hangsUp(t)
	})
}

func newHostile(t *testing.T, db *database) *hostile {
	h := &hostile{world: newWorld(t, db, 1, "--request-time", hostileTime.String())}
	h.circle, h.large = h.customers[0], h.customers[1]
	at := db.open(t)
	defer at.Close()
	at.SetMaxOpenConns(1)
	insertUnits(t, at, h.circle, 60, "")
	insertUnits(t, at, h.large, 10_000, "")
	insertUnits(t, at, h.customers[2], 2000, strings.Repeat(`"`, 4000))
	insertJobs(t, at, 100, strings.Repeat("x", 300_000))
	return h
}

const now = "2026-01-02 03:04:05+00:00"

// insertUnits adds units to a customer directly in the database.
func insertUnits(t *testing.T, at *sql.DB, customer string, n int, description string) {
	t.Helper()
	for n > 0 {
		rows := make([]string, min(n, 500))
		for i := range rows {
			rows[i] = fmt.Sprintf("('%s', '%s', '%s', 'AVAILABLE', 'CU', 1, 'unit', '%s', '%s')",
				uuid.Must(uuid.NewV7()), uuid.New(), now, description, customer)
		}
		n -= len(rows)
		insert(t, at, "INSERT INTO capacity_units (id, version, created_at, kind, type, amount, name, description, customer_id) VALUES "+
			strings.Join(rows, ","))
	}
}

// insertJobs adds jobs with large parameters.
func insertJobs(t *testing.T, at *sql.DB, n int, text string) {
	t.Helper()
	for range n {
		insert(t, at, fmt.Sprintf("INSERT INTO jobs (id, action, status, parameters, started_at) VALUES ('%s', 'large', 'DONE', '{\"x\":\"%s\"}', '%s')",
			uuid.Must(uuid.NewV7()), text, now))
	}
}

func insert(t *testing.T, at *sql.DB, statement string) {
	t.Helper()
	if _, err := at.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%.100s: %v", statement, err)
	}
}

// nested wraps a selection in the circle from a customer to its units and back.
func nested(levels int, leaf string) string {
	return strings.Repeat("capacityAvailable { id customer { ", levels) + leaf + strings.Repeat(" } }", levels)
}

// aliased repeats a field with aliases.
func aliased(n int, field string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "a%d: %s ", i, field)
	}
	return all.String()
}

func query(text string, variables func(*hostile) []any) func(*testing.T, *hostile) answer {
	return func(t *testing.T, h *hostile) answer {
		return h.client.query(t.Context(), h.bases[0], "", text, variables(h)...)
	}
}

func about(pick func(*hostile) string) func(*hostile) []any {
	return func(h *hostile) []any { return []any{"id", pick(h)} }
}

func circle(h *hostile) string { return h.circle }
func large(h *hostile) string  { return h.large }
func none(*hostile) []any      { return nil }

// atOnce sends the same request several times concurrently, and returns an error answer, if any.
func atOnce(n int, send func(*testing.T, *hostile) answer) func(*testing.T, *hostile) answer {
	return func(t *testing.T, h *hostile) answer {
		var all sync.WaitGroup
		answers := make([]answer, n)
		for i := range n {
			all.Go(func() { answers[i] = send(t, h) })
		}
		all.Wait()
		for _, a := range answers {
			if !a.ok() {
				return a
			}
		}
		return answers[0]
	}
}

func attacks() []attack {
	const units = "capacityAvailable { id createdAt kind type amount name description }"
	hundred := func(h *hostile) []any {
		ids := make([]string, 100)
		for i := range ids {
			ids[i] = h.large
		}
		return []any{"ids", ids}
	}
	return []attack{
		{"a circle of four levels", query("query ($id: ID!) { customer(id: $id) { "+nested(4, "id")+" } }", about(circle)), "answer|objects|memory"},
		{"the same in a payload", query(`mutation ($id: ID!) { updateCustomer(input: {customerId: $id, city: "x"}) { job { id } customer { `+nested(4, "id")+" } } }", about(circle)), "answer|objects|memory|time"},
		{"a large customer, a hundred times", query("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { "+units+" } } }", hundred), "answer|objects|memory|time"},
		{"large jobs in four aliases", query("{ "+aliased(4, "jobs(first: 100) { nodes { parameters } }")+" }", none), "answer|memory|time"},
		{"the documents of a large customer in aliases", query("query ($id: ID!) { customer(id: $id) { "+
			aliased(45, "serialized(format: XML)")+" } }", about(large)), "answer|memory|time"},
		{"many at once", atOnce(40, query("query ($id: ID!) { customer(id: $id) { "+aliased(4, units)+" } }", about(large))), "*"},
		{"type names under long names", query("query ($id: ID!) { customer(id: $id) { capacityAvailable { "+longTypeNames()+" } } }", about(large)), "answer|memory|time"},
		{"inputs in aliases", query("query ($w: [CustomerWhereInput!]) { "+aliased(50, "customers(first: 1, where: {or: $w}) { totalCount }")+" }", conditions), "cost|memory"},
		{"large bodies at once", atOnce(60, largeBody), "*"},
		{"errors in aliases", query("query ($ids: [ID!]!) { "+aliased(50, "nodes(ids: $ids) { id }")+" }", strangers), "*"},
	}
}

func longTypeNames() string {
	var all strings.Builder
	for i := range 50 {
		fmt.Fprintf(&all, "%s%d: __typename ", strings.Repeat("a", 120), i)
	}
	return all.String()
}

// conditions returns many conditions, each of which is decoded for each alias.
func conditions(*hostile) []any {
	all := make([]map[string]any, 900)
	for i := range all {
		all[i] = map[string]any{"nameContainsFold": strconv.Itoa(i)}
	}
	return []any{"w", all}
}

func strangers(*hostile) []any {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	return []any{"ids", ids}
}

// largeBody sends a body of the maximum size with as many values as fit.
func largeBody(t *testing.T, h *hostile) answer {
	text := `{"query":"query ($x: [ID!]) { __typename }","variables":{"x":[` + strings.Repeat("{},", 340_000) + `{}]}}`
	return h.client.send(t.Context(), h.bases[0]+"/graphql", "", "application/json", text)
}

// carryOut sends an attack, and checks the server meanwhile and afterwards.
func (h *hostile) carryOut(t *testing.T, a attack) {
	t.Helper()
	server := h.servers[0]
	server.resetPeak(t)
	slowest := h.whileProbing(t, func() {
		got := a.send(t, h)
		limit := gjson.Get(got.Body, "errors.0.extensions.limit").String()
		if got.Code == "TIMEOUT" {
			limit = "time"
		}
		if a.limits != "*" && !slices.Contains(strings.Split(a.limits, "|"), limit) {
			t.Errorf("%s: %s, limit %q", a.name, got, limit)
		}
		t.Logf("%-46s %8v  limit %-8q", a.name, got.Took.Round(time.Millisecond), limit)
	})
	peak := server.peak(t)
	t.Logf("%-46s peak %d MB, /healthz in %v at most", a.name, peak>>20, slowest.Round(time.Millisecond))
	if peak > maxMemory {
		t.Errorf("%s: the server took %d MB, more than %d", a.name, peak>>20, maxMemory>>20)
	}
	if slowest > slowestProbe {
		t.Errorf("%s: /healthz took %v", a.name, slowest)
	}
}

// whileProbing returns the longest time that /healthz took while work ran.
func (h *hostile) whileProbing(t *testing.T, work func()) time.Duration {
	t.Helper()
	done, slowest := make(chan struct{}), make(chan time.Duration)
	go func() {
		worst := time.Duration(0)
		defer func() { slowest <- worst }()
		for {
			begun := time.Now()
			got, err := (&http.Client{Timeout: clientTimeout}).Get(h.bases[0] + "/healthz")
			if err != nil {
				t.Errorf("/healthz: %v", err)
				return
			}
			_, _ = io.Copy(io.Discard, got.Body)
			_ = got.Body.Close()
			worst = max(worst, time.Since(begun))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	work()
	close(done)
	return <-slowest
}

// hangsUp sends the circular query and disconnects: the server becomes idle soon.
func (h *hostile) hangsUp(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	h.client.query(ctx, h.bases[0], "", "query ($id: ID!) { customer(id: $id) { "+nested(4, "id")+" } }", "id", h.circle)
	begun, used := time.Now(), h.servers[0].processor(t)
	for {
		time.Sleep(200 * time.Millisecond)
		now := h.servers[0].processor(t)
		if now-used < 50*time.Millisecond {
			break
		}
		if used = now; time.Since(begun) > slowestProbe {
			t.Fatalf("the caller is gone, and the server works on after %v", time.Since(begun))
		}
	}
	t.Logf("idle %v after the caller has hung up", time.Since(begun).Round(time.Millisecond))
}
