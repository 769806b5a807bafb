package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/model"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestCustomerArrives: a subscriber gets the customer, each change, and the end.
func TestCustomerArrives(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		id := a.Customer(t, "first")
		s := connect(t, url, apitest.Operator)
		s.subscribe("1", `subscription { customer(id: "`+id+`") { name } }`)
		s.expect("next", `{"customer":{"name":"first"}}`)
		for _, name := range []string{"second", "third"} {
			a.Rename(t, id, name)
			s.expect("next", `{"customer":{"name":"`+name+`"}}`)
		}
		_, err := a.Customers.Delete(viewer.SystemContext(t.Context()), model.DeleteCustomerInput{CustomerID: uuid.MustParse(id)})
		if err != nil {
			t.Fatal(err)
		}
		s.expect("next", `{"customer":null}`)
		s.expect("complete", "")
		s.subscribe("1", `subscription { customer(id: "`+id+`") { name } }`)
		s.expect("error", "NOT_FOUND")
	})
}

// TestChangesArriveOnceInOrder: from now on, and from a cursor on.
func TestChangesArriveOnceInOrder(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		s := connect(t, url, apitest.Administrator)
		const query = `subscription { changes%s { cursor customerId job { action status } customer { name } } }`
		s.subscribe("all", fmt.Sprintf(query, ""))
		s.subscribe("mark", `subscription { customer(id: "`+a.Customer(t, "mark")+`") { name } }`)
		names, cursors := []string{}, []string{}
		for len(names) < 3 {
			m := s.next()
			if m.ID == "mark" {
				for _, name := range []string{"a", "b"} {
					a.Customer(t, name)
				}
				continue
			}
			c := changeIn(t, m)
			names, cursors = append(names, c.Customer.Name), append(cursors, c.Cursor)
			if names[0] != "mark" { // the subscription may have begun after it
				names = append([]string{"mark"}, names...)
			}
		}
		if fmt.Sprint(names) != "[mark a b]" {
			t.Errorf("the changes are %v", names)
		}
		s.subscribe("again", fmt.Sprintf(query, `(after: "`+cursors[len(cursors)-2]+`", where: {action: "createCustomer"})`))
		if c := changeIn(t, s.next()); c.Customer.Name != "b" || c.Cursor != cursors[len(cursors)-1] || c.Job.Action != "createCustomer" {
			t.Errorf("after the second comes %+v", c)
		}
		s.subscribe("wrong", fmt.Sprintf(query, `(after: "nonsense")`))
		s.expect("error", "BAD_USER_INPUT")
	})
}

type changed struct {
	Cursor   string
	Job      struct{ Action, Status string }
	Customer struct{ Name string }
}

func changeIn(t testing.TB, m message) changed {
	t.Helper()
	var body struct{ Data struct{ Changes changed } }
	if err := json.Unmarshal(m.Payload, &body); err != nil || m.Type != "next" || body.Data.Changes.Cursor == "" {
		t.Fatalf("no change: %s %s", m.Type, m.Payload)
	}
	return body.Data.Changes
}

// TestRightsAtEveryEvent: a member gets what its groups may see while it belongs to them, and the deletion of what it could
// see.
func TestRightsAtEveryEvent(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url, ctx := listen(t, a), viewer.SystemContext(t.Context())
		seen, hidden := a.Customer(t, "seen"), a.Customer(t, "hidden")
		mia, group := a.Group(t, seen, apitest.Member)
		s := connect(t, url, apitest.Member)
		s.subscribe("c", `subscription { customer(id: "`+seen+`") { name } }`)
		s.expect("next", "seen")
		s.subscribe("x", `subscription { changes { customerId job { action } } }`)
		s.subscribe("mark", `query { viewer { login } }`)
		// The answer to the query does not show that the subscription has begun; changes are made until one arrives.
		begun := false
		for i := 0; !begun; i++ {
			a.Rename(t, hidden, fmt.Sprint("hidden ", i))
			a.Rename(t, seen, fmt.Sprint("seen ", i))
			m := s.next()
			begun = m.ID == "x"
			if strings.Contains(string(m.Payload), hidden) {
				t.Fatalf("a member is told of %s", m.Payload)
			}
		}
		if _, err := a.Customers.Delete(ctx, model.DeleteCustomerInput{CustomerID: uuid.MustParse(seen)}); err != nil {
			t.Fatal(err)
		}
		for gone, told := false, false; !gone || !told; {
			m := s.next()
			gone = gone || m.ID == "c" && m.Type == "complete"
			told = told || m.ID == "x" && strings.Contains(string(m.Payload), "deleteCustomer")
		}
		other := a.Customer(t, "other")
		a.AddGroup(t, other, group)
		s.subscribe("o", `subscription { customer(id: "`+other+`") { name } }`)
		for m := s.next(); m.ID != "o"; m = s.next() {
			continue
		}
		_, err := a.Identity.RemoveUser(ctx, model.RemoveUserFromGroupInput{CloudUserGroupID: group, CloudUserID: mia})
		if err != nil {
			t.Fatal(err)
		}
		for m := s.next(); m.ID != "o" || !strings.Contains(string(m.Payload), "null"); m = s.next() {
			continue
		}
	})
}

// TestDisabledUsersStreamsEnd: also on the other server.
func TestDisabledUsersStreamsEnd(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		s := connect(t, url, apitest.Operator)
		s.subscribe("1", `subscription { changes { cursor } }`)
		disabled := clouduser.StatusDISABLED
		_, err := a.Identity.UpdateUser(viewer.SystemContext(t.Context()), model.UpdateCloudUserInput{
			CloudUserID: a.UserID(t, apitest.Operator), Status: &disabled,
		})
		if err != nil {
			t.Fatal(err)
		}
		if code, reason := s.closed(); code != 4403 || !strings.Contains(reason, "no longer valid") {
			t.Errorf("closed with %d: %s", code, reason)
		}
	})
}

// TestEventsResume: the ids of events are cursors, and Last-Event-ID resumes after one.
func TestEventsResume(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		url := listen(t, a)
		first := openEvents(t, url, "")
		for i := range 3 {
			a.Customer(t, fmt.Sprint("customer ", i))
		}
		_, ids := first.read(3)
		first.cancel()
		data, again := openEvents(t, url, ids[0]).read(2)
		if fmt.Sprint(again) != fmt.Sprint(ids[1:]) {
			t.Errorf("after %s come %v %v, want %v", ids[0], again, data, ids[1:])
		}
	})
}
