package transfer_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"cloudapi/ent/capacityunit"
	"cloudapi/ent/customer"
	"cloudapi/internal/secret"
	"cloudapi/internal/transfer"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// customerLine returns a customer with a domain.
func customerLine(n int, name, domain string) string {
	return fmt.Sprintf(`{"type":"customer","guid":%q,"name":%q,"domains":[{"name":%q}]}`, id(2, n), name, domain)
}

func has(t *testing.T, entries []transfer.Entry, where, what, reason string) {
	t.Helper()
	for _, e := range entries {
		if e.Where == where && e.What == what && strings.Contains(e.Reason, reason) {
			return
		}
	}
	t.Errorf("no %s at %s: %s; but %v", what, where, reason, entries)
}

func TestWhatCannotBeTakenIsReported(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		a := open()
		text := strings.Join([]string{
			customerLine(1, "one", "one.example.com"),
			customerLine(2, "two", "ONE.example.com."),
			customerLine(3, "nul NUL", "three.example.com"),
			`{"type":"machine","guid":"` + id(9, 9) + `"}`,
			`no JSON`,
			`{"type":"customer","name":"no guid"}`,
			`{"type":"customer","guid":"` + id(2, 4) + `","name":"x","status":"SLEEPING"}`,
			`{"type":"customer","guid":"` + id(2, 5) + `","name":"x","nickname":"typo"}`,
			`{"type":"customer","guid":"` + id(2, 6) + `","name":"x","capacityUnits":[{"kind":"AVAILABLE","capacityUnitType":"XX","amount":1}]}`,
			`{"type":"customer","guid":"` + id(2, 7) + `","name":"linked","cloudUserGroups":["` + id(1, 7) + `"]}`,
			`{"type":"cloudSpace","guid":"` + id(3, 1) + `","customerId":"` + id(2, 99) + `","name":"lost"}`,
			`{"type":"cloudUserGroup","guid":"` + id(1, 1) + `","name":"a","cloudUserGroups":["` + id(1, 2) + `"]}`,
			`{"type":"cloudUserGroup","guid":"` + id(1, 2) + `","name":"b","cloudUserGroups":["` + id(1, 1) + `"]}`,
			`{"type":"cloudUser","guid":"` + id(0, 1) + `","login":"Ada"}`,
			`{"type":"cloudUser","guid":"` + id(0, 2) + `","login":"ADA"}`,
			customerLine(8, "last", "last.example.com"),
		}, "\n")
		text = strings.Replace(text, "NUL", `\u0000`, 1)
		for _, dry := range []bool{true, false} {
			counts, entries := load(t, a, lines(text), func(o *transfer.Options) { o.DryRun = dry })
			has(t, entries, "lines:2", transfer.Refused, "one.example.com")
			has(t, entries, "lines:3", transfer.Refused, "U+0000")
			has(t, entries, "lines:4", transfer.Refused, "machine")
			has(t, entries, "lines:5", transfer.Refused, "")
			has(t, entries, "lines:6", transfer.Refused, "guid")
			has(t, entries, "lines:7", transfer.Refused, "SLEEPING")
			has(t, entries, "lines:8", transfer.Refused, "nickname")
			has(t, entries, "lines:9", transfer.Refused, "XX")
			has(t, entries, "lines:10", transfer.LinkLost, id(1, 7))
			has(t, entries, "lines:11", transfer.Refused, id(2, 99))
			has(t, entries, "lines:15", transfer.Refused, "ADA")
			if n := counts.Kinds[transfer.KindCustomer]; n.Created != 3 || n.InDatabase != 3 || counts.LostLinks != 2 || len(entries) != 12 {
				t.Errorf("dry %v: %+v, %d lost, %d entries: %v", dry, n, counts.LostLinks, len(entries), entries)
			}
			there := a.Client.Customer.Query().CountX(viewer.SystemContext(t.Context()))
			if want := map[bool]int{true: 0, false: 3}[dry]; there != want {
				t.Errorf("dry %v: %d customers are there", dry, there)
			}
		}
	})
}

func TestWhatIsDifferentIsAConflict(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		a := open()
		ctx := viewer.SystemContext(t.Context())
		text := world(30)
		load(t, a, lines(text))
		before := export(t, a, true)
		changed := strings.Replace(text, `"Customer 7"`, `"Other"`, 1)
		changed = strings.Replace(changed, `"login":"user1"`, `"login":"renamed"`, 1)
		verify := func(o *transfer.Options) { o.Verify = true }
		counts, entries := load(t, a, lines(changed+customerLine(99, "new", "new.example.com")), verify)
		if n := counts.Kinds[transfer.KindCustomer]; n.Different != 1 || n.Missing != 1 || n.Equal != 29 || counts.Clean() || len(entries) != 3 {
			t.Errorf("verification: %+v %v", n, entries)
		}
		counts, entries = load(t, a, lines(changed))
		if n := counts.Kinds[transfer.KindCustomer]; n.Conflicts != 1 || n.Equal != 29 || len(entries) != 2 || !strings.Contains(entries[1].Reason, "name") {
			t.Errorf("import: %+v %v", n, entries)
		}
		if export(t, a, true) != before {
			t.Error("a conflict has changed something")
		}
		counts, entries = load(t, a, lines(changed), func(o *transfer.Options) { o.Replace = true })
		if n := counts.Kinds[transfer.KindCustomer]; n.Replaced != 1 || n.Equal != 29 || len(entries) > 0 {
			t.Errorf("replacement: %+v %v", n, entries)
		}
		want := strings.Replace(strings.Replace(before, `"Customer 7"`, `"Other"`, 1), `"login":"user1"`, `"login":"renamed"`, 1)
		if export(t, a, true) != want {
			t.Error("a replacement is not what the source says")
		}
		if !a.Client.Customer.Query().Where(customer.NameFold("other")).ExistX(ctx) {
			t.Error("a replaced customer is not found by its name")
		}
		a2 := fmt.Sprintf(`{"type":"cloudUser","guid":%q,"login":"boss","role":"%%s"}`, id(0, 77))
		load(t, a, lines(fmt.Sprintf(a2, "ADMINISTRATOR")))
		_, entries = load(t, a, lines(fmt.Sprintf(a2, "MEMBER")), func(o *transfer.Options) { o.Replace = true })
		has(t, entries, "lines:1", transfer.Conflict, "administrator")
	})
}

// TestUnitsKeepTheirOrder imports unordered guids, and adds a unit afterwards.
func TestUnitsKeepTheirOrder(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		a := open()
		apitest.People(t, a)
		units := make([]string, 0, 9)
		for n := range 9 {
			units = append(units, fmt.Sprintf(`{"guid":%q,"kind":"AVAILABLE","capacityUnitType":"CU","amount":%d}`, id(4, n), n+1))
		}
		load(t, a, lines(fmt.Sprintf(`{"type":"customer","guid":%q,"name":"x","capacityUnits":[%s]}`, id(2, 1), strings.Join(units, ","))))
		a.Result(t, apitest.Administrator, "cloud_api_customer/addCapacityAvailable?amount=10&capacityunittype=CU&customerguid="+id(2, 1))
		want := "[1 2 3 4 5 6 7 8 9 10]"
		for path, got := range map[string]string{
			"export":  fmt.Sprint(amounts(export(t, a, false))),
			"yaml":    fmt.Sprint(amounts(fmt.Sprint(a.Result(t, apitest.Administrator, "cloud_api_customer/getYAML?customerguid="+id(2, 1))))),
			"graphql": fmt.Sprint(amounts(a.Query(apitest.Administrator, `{customer(id: "`+id(2, 1)+`") {capacityAvailable {amount}}}`, nil).Body)),
		} {
			if got != want {
				t.Errorf("%s: %s", path, got)
			}
		}
		if n := a.Client.CapacityUnit.Query().Where(capacityunit.PlaceLT(0)).CountX(viewer.SystemContext(t.Context())); n != 9 {
			t.Errorf("%d units have a place", n)
		}
	})
}

// amounts returns the amounts in a text, in order.
func amounts(text string) []string {
	var found []string
	for _, part := range strings.Split(text, "amount")[1:] {
		part = strings.TrimLeft(part, `": `)
		end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		found = append(found, part[:max(end, 0)])
	}
	return found
}

// oldUser returns a cloud user in the form of the old server's getObject, with its password.
func oldUser(t *testing.T, guid, login, password string) string {
	t.Helper()
	ctx := context.Background()
	buffer := thrift.NewTMemoryBuffer()
	out := thrift.NewTBinaryProtocolConf(buffer, &thrift.TConfiguration{})
	for field, value := range map[int16]string{1: guid, 15: login, 16: password, 20: "CREATED"} {
		if err := out.WriteFieldBegin(ctx, "", thrift.STRING, field); err != nil {
			t.Fatal(err)
		}
		if err := out.WriteString(ctx, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.WriteFieldStop(ctx); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buffer.Bytes())
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOldPasswordsStay imports users with passwords that are invalid for new users.
func TestOldPasswordsStay(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		a := open()
		apitest.People(t, a)
		dir := t.TempDir()
		write(t, dir, "clouduser/1", oldUser(t, id(0, 1), "short", "x1"))
		write(t, dir, "clouduser/2", oldUser(t, id(0, 2), "long", strings.Repeat("long ", 500)))
		write(t, dir, "clouduser/3", oldUser(t, id(0, 3), "good", "battery staple horse"))
		write(t, dir, "clouduser/4", oldUser(t, id(0, 4), "none", ""))
		counts, entries := load(t, a, transfer.Files{Path: dir})
		if !counts.Clean() || counts.WeakPasswords != 2 || counts.NoPassword != 1 {
			t.Fatalf("%+v %v", counts, entries)
		}
		if counts, entries = load(t, a, transfer.Files{Path: dir}); !counts.Clean() || counts.Kinds[transfer.KindCloudUser].Equal != 4 {
			t.Errorf("again: %+v %v", counts, entries)
		}
		ctx := viewer.SystemContext(t.Context())
		for login, password := range map[string]string{"short": "x1", "long": strings.Repeat("long ", 500), "good": "battery staple horse"} {
			if _, err := a.Identity.Verify(ctx, login, secret.New(password)); err != nil {
				t.Errorf("%s: %v", login, err)
			}
		}
		if strings.Contains(export(t, a, true)+a.Log.String(), "battery") {
			t.Error("a password was written")
		}
		read := func(n int) string {
			return a.Query(apitest.Administrator, `{cloudUser(id: "`+id(0, n)+`") {passwordIsWeak}}`, nil).Body
		}
		if !strings.Contains(read(1), "true") || !strings.Contains(read(3), "false") {
			t.Errorf("%s %s", read(1), read(3))
		}
		a.Query(apitest.Administrator, `mutation {setCloudUserPassword(input: {cloudUserId: "`+id(0, 1)+`", password: "a new one that is long"}) {job {id}}}`, nil)
		if !strings.Contains(read(1), "false") {
			t.Errorf("a new password is weak: %s", read(1))
		}
	})
}

// TestFiles reads every form from a directory that also has other files.
func TestFiles(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		old, target := open(), open()
		apitest.People(t, old)
		load(t, old, lines(world(12)))
		dir := t.TempDir()
		n := 0
		for path, answer := range forms(t, old, apitest.Administrator) {
			service, method, _ := strings.Cut(strings.SplitN(path, "?", 2)[0], "/")
			if n++; method == "getObject" {
				write(t, dir, fmt.Sprintf("%s/%d.json", service, n), answer)
			} else if method == "getYAML" {
				write(t, dir, fmt.Sprintf("yaml/%d.json", n), answer)
			}
		}
		for i, id := range texts(old.Client.Customer.Query().IDsX(viewer.SystemContext(t.Context()))) {
			write(t, dir, fmt.Sprintf("xml/%d.xml", i), fmt.Sprint(old.Result(t, apitest.Administrator, "cloud_api_customer/getXML?customerguid="+id)))
		}
		write(t, dir, "rubbish.bin", "\x00\x01\x02")
		write(t, dir, "bomb.xml", `<!DOCTYPE a [<!ENTITY b "c">]><customer>&b;</customer>`)
		write(t, dir, "more/customers.csv", "name,city,domain\nCSV one,Bombai,csv.example.com\nCSV two,,\n\"broken\n")
		counts, entries := load(t, target, transfer.Files{Path: dir})
		if counts.Kinds[transfer.KindCustomer].Created != 14 || counts.Kinds[transfer.KindCustomer].Equal != 24 || counts.Unreadable != 3 {
			t.Errorf("%+v %+v %v", counts, counts.Kinds[transfer.KindCustomer], entries)
		}
		if counts.Kinds[transfer.KindCloudSpace].Created != 12 || counts.Kinds[transfer.KindCloudUserGroup].Created != 2 {
			t.Errorf("%+v", counts.Kinds[transfer.KindCloudSpace])
		}
	})
}
