package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cloudapi/internal/dev/pgtest"
)

// TestBackup takes a backup of a server while it makes changes, as docs/operations.md describes. A server on the restored
// database gives the same answers, and has each concurrent change either with its job or not at all.
func TestBackup(t *testing.T) {
	directory := t.TempDir()
	for name, c := range map[string]struct {
		from, to string
		copies   func(t *testing.T, from, to string)
	}{
		"sqlite":   {"sqlite://" + directory + "/from.db", "sqlite://" + directory + "/to.db", copySQLite},
		"postgres": {pgtest.URL(t), pgtest.URL(t), copyPostgres},
	} {
		t.Run(name, func(t *testing.T) {
			first := start(t, "--database-url", c.from)
			busy := furnish(t, first)
			stop := change(first, busy)
			c.copies(t, c.from, c.to)
			if n := stop(); n == 0 {
				t.Error("nothing was changed during the backup")
			}
			second := start(t, "--database-url", c.to)
			for _, ask := range []func(*running) string{
				func(s *running) string { return s.query(t, everything) },
				func(s *running) string {
					return s.ask(t, http.MethodGet, "/appserver/rest/cloud_api_customer/find?name=Still", "")
				},
				func(s *running) string {
					return s.query(t, `{ cloudUsers { nodes { id login role } } domains: customers(where: { name: "Still 2" }) { nodes { domains { nodes { name portalUsername } } } } }`)
				},
			} {
				if d := cmp.Diff(ask(first), ask(second)); d != "" {
					t.Errorf("the restored server answers otherwise (-first +second):\n%s", d)
				}
			}
			whole(t, second, busy)
		})
	}
}

// everything selects what does not change during the backup.
const everything = `{ customers(where: { nameContains: "Still" }) { totalCount nodes { id version createdAt name description
	capacityAvailable { id amount } cloudSpaces { nodes { id name } } domains { nodes { name registeredAt } } } } }`

// furnish creates customers, and returns the guid of the one that changes.
func furnish(t *testing.T, s *running) string {
	t.Helper()
	s.query(t, `mutation { createPortalAccount(input: { username: "us", password: "`+testPassword+`" }) { job { id } } }`)
	for i := range 5 {
		id := create(t, s, fmt.Sprintf("Still %d", i))
		s.query(t, fmt.Sprintf(`mutation {
			addCapacityAvailable(input: { customerId: %[1]q, type: CU, amount: %[2]d }) { job { id } }
			createCloudSpace(input: { customerId: %[1]q, name: "ünï %[2]d" }) { job { id } }
			registerDomain(input: { customerId: %[1]q, username: "us", password: %[3]q, domain: "d%[2]d.example" }) { job { id } }
		}`, id, i+1, testPassword))
	}
	return create(t, s, "Busy")
}

func create(t *testing.T, s *running, name string) string {
	t.Helper()
	var answer struct {
		Data struct {
			CreateCustomer struct{ Customer struct{ ID string } }
		}
	}
	made := s.query(t, fmt.Sprintf(`mutation { createCustomer(input: { name: %q }) { customer { id } } }`, name))
	if err := json.Unmarshal([]byte(made), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Data.CreateCustomer.Customer.ID
}

// change adds capacity to a customer until stop is called. It returns after the first change; stop returns their number.
func change(s *running, customer string) (stop func() int) {
	done, counted, begun := make(chan struct{}), make(chan int, 1), make(chan struct{})
	body := fmt.Sprintf(`{"query":"mutation { addCapacityAvailable(input: { customerId: \"%s\", type: CU, amount: 1 }) { job { id } } }"}`, customer)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				counted <- n
				return
			default:
			}
			r, err := http.NewRequest(http.MethodPost, s.URL+"/graphql", strings.NewReader(body))
			if err == nil {
				r.SetBasicAuth("admin", testPassword)
				r.Header.Set("Content-Type", "application/json")
				if answer, err := http.DefaultClient.Do(r); err == nil {
					_ = answer.Body.Close()
				}
			}
			if n == 0 {
				close(begun)
			}
		}
	}()
	<-begun
	return func() int {
		close(done)
		return <-counted
	}
}

// whole checks that each change of the customer exists with its job.
func whole(t *testing.T, s *running, customer string) {
	t.Helper()
	var answer struct {
		Data struct {
			Customer struct{ CapacityAvailable []struct{ Amount int } }
			Jobs     struct{ TotalCount int }
		}
	}
	text := s.query(t, fmt.Sprintf(`{ customer(id: %[1]q) { capacityAvailable { amount } }
		jobs(where: { action: "addCapacityAvailable", customerId: %[1]q, status: DONE }) { totalCount } }`, customer))
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, unit := range answer.Data.Customer.CapacityAvailable {
		sum += unit.Amount
	}
	if sum != answer.Data.Jobs.TotalCount || sum == 0 {
		t.Errorf("the restored customer has %d units from %d jobs", sum, answer.Data.Jobs.TotalCount)
	}
}

func copySQLite(t *testing.T, from, to string) {
	t.Helper()
	file := strings.TrimPrefix(to, "sqlite://")
	backup := func(from, file string) (int, string) {
		var out bytes.Buffer
		status := run(t.Context(), []string{"backup", "--database-url", from, file}, strings.NewReader(""), &out, &out)
		return status, out.String()
	}
	if status, out := backup(from, file); status != 0 {
		t.Fatalf("backup: %d %s", status, out)
	}
	if status, out := backup(from, file); status != 1 || !strings.Contains(out, "new file") {
		t.Errorf("a backup over another: %d %s", status, out)
	}
	if status, out := backup("sqlite://"+t.TempDir()+"/none.db", file+"2"); status != 1 || !strings.Contains(out, "does not exist") {
		t.Errorf("a backup of nothing: %d %s", status, out)
	}
	if about, err := os.Stat(file); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v", about.Mode(), err)
	}
}

func copyPostgres(t *testing.T, from, to string) {
	t.Helper()
	dump := filepath.Join(t.TempDir(), "cloudapi.dump")
	for _, command := range [][]string{
		{"pg_dump", "--format=custom", "--file=" + dump, from},
		{"pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "--dbname=" + to, dump},
	} {
		out, err := exec.CommandContext(t.Context(), pgtest.Program(t, command[0]), command[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v %s", command, err, out)
		}
	}
	var errs bytes.Buffer
	if status := run(t.Context(), []string{"backup", "--database-url", from, dump + "2"}, strings.NewReader(""), &errs, &errs); status != 1 || !strings.Contains(errs.String(), "pg_dump") {
		t.Errorf("backup of PostgreSQL: %d %s", status, errs.String())
	}
}
