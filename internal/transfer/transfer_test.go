package transfer_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/password"
	"cloudapi/internal/transfer"
	"cloudapi/server/api/apitest"
)

// each runs a test with empty databases of both kinds.
func each(t *testing.T, test func(t *testing.T, open func() *apitest.API)) {
	t.Run("sqlite", func(t *testing.T) {
		n := 0
		test(t, func() *apitest.API {
			n++
			return apitest.Open(t, fmt.Sprintf("sqlite://%s/%d.db", t.TempDir(), n))
		})
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, func() *apitest.API { return apitest.Open(t, pgtest.URL(t)) })
	})
}

func load(t testing.TB, a *apitest.API, s transfer.Source, change ...func(*transfer.Options)) (transfer.Counts, []transfer.Entry) {
	t.Helper()
	var entries []transfer.Entry
	o := transfer.Options{
		Client: a.Client, Dialect: a.Store.Dialect(), Source: "test",
		Passwords: password.NewHasher(password.Cost{Memory: 64, Passes: 1, Threads: 1}, 4),
		Report:    func(e transfer.Entry) { entries = append(entries, e) },
	}
	for _, c := range change {
		c(&o)
	}
	counts, err := transfer.Load(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return counts, entries
}

func lines(text string) transfer.Source {
	return transfer.Lines{Name: "lines", In: strings.NewReader(text)}
}

func export(t testing.TB, a *apitest.API, hashes bool) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := transfer.Export(t.Context(), a.Client, a.Store.Dialect() == "postgres", hashes, &out, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func id(kind, n int) string {
	return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%d %d", kind, n)).String()
}

// world returns an export of n customers with everything. Its guids and references are in no order.
func world(n int) string {
	var b strings.Builder
	at := time.Date(2010, 3, 1, 12, 0, 0, 123456000, time.UTC).Format(time.RFC3339Nano)
	head := func(kind, n int) string {
		return fmt.Sprintf(`"guid":%q,"version":%q,"createdAt":%q`, id(kind, n), id(100+kind, n), at)
	}
	for i := range n {
		parent := ""
		if i%3 == 1 {
			parent = fmt.Sprintf(`"parentId":%q,`, id(3, i+1))
		}
		fmt.Fprintf(&b, `{"type":"cloudSpace",%s,"customerId":%q,%s"name":"space %d","description":"","status":"ACTIVE"}`+"\n",
			head(3, i), id(2, i/3), parent, i)
	}
	for i := range n {
		units := make([]string, 0, 6)
		for u := range 6 {
			units = append(units, fmt.Sprintf(`{%s,"kind":%q,"capacityUnitType":"CU","amount":%d,"name":"u%d","description":""}`,
				head(4, 6*i+u), []string{"AVAILABLE", "CONSUMED"}[u/3], u+1, u))
		}
		fmt.Fprintf(&b, `{"type":"customer",%s,"updatedAt":%q,"name":"Customer %d","description":"é\"\\","address":"","city":"Bombai","country":"",`+
			`"status":"ACTIVE","retentionPolicyId":%q,"capacityUnits":[%s],"cloudUserGroups":[%q],`+
			`"domains":[{"guid":%q,"name":"d%d.example.com","registeredAt":%q,"portalUsername":"portal"}]}`+"\n",
			head(2, i), at, i, id(9, i), strings.Join(units, ","), id(1, i/10), id(5, i), i, at)
	}
	for i := range n/10 + 1 {
		member := ""
		if i > 0 {
			member = `"` + id(1, i-1) + `"`
		}
		fmt.Fprintf(&b, `{"type":"cloudUserGroup",%s,"name":"g","description":"","cloudUsers":[%q],"cloudUserGroups":[%s]}`+"\n",
			head(1, i), id(0, i), member)
	}
	for i := range n/10 + 1 {
		fmt.Fprintf(&b, `{"type":"cloudUser",%s,"login":"user%d","email":"","firstName":"","lastName":"","name":"","description":"",`+
			`"address":"","city":"","country":"","phoneMobile":"","phoneLandline":"","systemUser":false,"role":"OPERATOR",`+
			`"status":"CREATED","passwordIsWeak":true,"passwordHash":"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"}`+"\n", head(0, i), i)
	}
	fmt.Fprintf(&b, `{"type":"portalAccount","guid":%q,"createdAt":%q,"username":"portal","passwordHash":"x"}`+"\n", id(6, 0), at)
	return b.String()
}

func TestLinesThereAndBackAgain(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		a := open()
		counts, entries := load(t, a, lines(world(700)))
		if !counts.Clean() || len(entries) > 0 || counts.Kinds[transfer.KindCustomer].Created != 700 {
			t.Fatalf("%+v %v", counts.Kinds[transfer.KindCustomer], entries)
		}
		first := export(t, a, true)
		if got, want := strings.Count(first, "\n"), strings.Count(world(700), "\n"); got != want {
			t.Fatalf("%d lines came back of %d", got, want)
		}
		b := open()
		load(t, b, lines(first))
		if second := export(t, b, true); second != first {
			t.Error("an export of what was imported is another one")
		}
		if strings.Contains(export(t, b, false), "argon2id") {
			t.Error("an export has hashes that nobody asked for")
		}
		counts, entries = load(t, b, lines(first))
		if n := counts.Kinds[transfer.KindCustomer]; n.Equal != 700 || n.Created != 0 || len(entries) > 0 {
			t.Errorf("a second run: %+v %v", n, entries)
		}
		jobs, err := b.Client.QueryContext(t.Context(), "SELECT count(*) FROM jobs WHERE action = 'importObjects' AND status = 'DONE' AND event_position IS NOT NULL")
		if err != nil {
			t.Fatal(err)
		}
		defer jobs.Close()
		var n int
		if jobs.Next(); jobs.Scan(&n) != nil || n == 0 {
			t.Error("no change stream hears of the import")
		}
	})
}

// customersOnly returns an export of n customers with 6 units each and nothing else.
func customersOnly(n int) string {
	var b strings.Builder
	for i := range n {
		units := make([]string, 6)
		for u := range units {
			units[u] = fmt.Sprintf(`{"guid":%q,"version":%q,"createdAt":"2010-03-01T12:00:00Z","kind":%q,"capacityUnitType":"CU","amount":%d,"name":"CPU","description":"CPU units"}`,
				id(4, 6*i+u), id(7, 6*i+u), []string{"AVAILABLE", "CONSUMED"}[u/3], u+1)
		}
		fmt.Fprintf(&b, `{"type":"customer","guid":%q,"version":%q,"createdAt":"2010-03-01T12:00:00Z","updatedAt":"2010-03-01T12:00:00Z","name":"Customer %d","description":"a customer","address":"","city":"Bombai","country":"India",`+
			`"status":"ACTIVE","capacityUnits":[%s],"cloudUserGroups":[],"domains":[]}`+"\n", id(2, i), id(8, i), i, strings.Join(units, ","))
	}
	return b.String()
}
