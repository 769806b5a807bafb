package api_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestRestoredBackup: a backup is another history. Cursors from before and after it was made are refused with the reason.
func TestRestoredBackup(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	cursorOf := func(a *apitest.API, name, after string) string {
		t.Helper()
		s := connect(t, listen(t, a), apitest.Operator)
		s.subscribe("1", `subscription { changes(after: "`+after+`", where: {action: "createCustomer"}) { cursor customer { name } } }`)
		c := changeIn(t, s.next())
		for c.Customer.Name == "first" { // it may have been made several times
			c = changeIn(t, s.next())
		}
		if c.Customer.Name != name {
			t.Fatalf("%q comes, not %q", c.Customer.Name, name)
		}
		return c.Cursor
	}
	began := connect(t, listen(t, a), apitest.Operator)
	began.subscribe("1", anyChange)
	started := ""
	for i := 0; started == ""; i++ {
		a.Customer(t, "first")
		began.subscribe("mark", `{ viewer { login } }`)
		for m := began.next(); m.ID != "mark" || m.Type != "complete"; m = began.next() {
			if m.ID == "1" {
				started = changeIn(t, m).Cursor
			}
		}
	}
	a.Customer(t, "second")
	second := cursorOf(a, "second", started)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := a.Store.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	a.Customer(t, "lost")
	lost := cursorOf(a, "lost", second)

	restored := apitest.Open(t, "sqlite://"+copied)
	for _, cursor := range []string{second, lost} {
		s := connect(t, listen(t, restored), apitest.Operator)
		s.subscribe("1", `subscription { changes(after: "`+cursor+`") { cursor } }`)
		if m := s.expect("error", `"reason":"RESTORED"`); !strings.Contains(string(m.Payload), "BAD_USER_INPUT") {
			t.Errorf("%s", m.Payload)
		}
	}
}
