package read_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/model"
	"cloudapi/internal/pgtest"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// fill makes customers with everything that hangs on them; some belong to the
// member.
func fill(t *testing.T, a *apitest.API) []string {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	member, err := a.Client.CloudUser.Query().All(ctx)
	must(err)
	var groups []uuid.UUID
	for i := range 4 {
		g, err := a.Directory.CreateGroup(ctx, model.CreateCloudUserGroupInput{Name: fmt.Sprintf("group %d", i)})
		must(err)
		groups = append(groups, g.CloudUserGroup.ID)
		for j, u := range member {
			if (i+j)%2 == 0 {
				_, err := a.Directory.AddUser(ctx, model.AddUserToGroupInput{CloudUserGroupID: g.CloudUserGroup.ID, CloudUserID: u.ID})
				must(err)
			}
		}
	}
	var ids []string
	for i := range 12 {
		city := []string{"", "Ghent", `Qu"ote\`, "Zürich\n<b>"}[i%4]
		c, err := a.Customers.Create(ctx, model.CreateCustomerInput{Name: fmt.Sprintf("%c customer %d 😀", 'a'+i*5%7, i), City: &city})
		must(err)
		id := c.Customer.ID
		ids = append(ids, id.String())
		for j := range i % 5 {
			types := []capacityunit.Type{capacityunit.TypeWV, capacityunit.TypeCU, capacityunit.TypeNUIPPORTS}
			_, err := a.Customers.AddAvailable(ctx, model.AddCapacityAvailableInput{CustomerID: id, Amount: 1<<53 - 1, Type: types[j%3], Name: &city})
			must(err)
			_, err = a.Customers.AddConsumed(ctx, model.AddCapacityConsumedInput{CustomerID: id, Amount: int64(j + 1), Type: types[(j+1)%3]})
			must(err)
			_, err = a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
				CustomerID: id, Username: apitest.PortalAccount, Password: secret.New(apitest.PortalSecret), Domain: fmt.Sprintf("d%d-%d.example", i, j),
			})
			must(err)
			parent, err := a.Customers.CreateSpace(ctx, model.CreateCloudSpaceInput{CustomerID: id, Name: fmt.Sprintf("space %d", j)})
			must(err)
			_, err = a.Customers.CreateSpace(ctx, model.CreateCloudSpaceInput{CustomerID: id, Name: "child", ParentID: &parent.CloudSpace.ID})
			must(err)
		}
		for j := range i % 3 {
			_, err := a.Customers.AddGroup(ctx, model.AddCloudUserGroupInput{CustomerID: id, CloudUserGroupID: groups[(i+j)%4]})
			must(err)
		}
	}
	return ids
}

// scalars are the plain fields of the types that are drawn.
func scalars() map[string][]string {
	return map[string][]string{
		"Customer":       {"id", "version", "createdAt", "updatedAt", "name", "description", "address", "city", "country", "status", "resourceGroupId", "retentionPolicyId", "__typename"},
		"CapacityUnit":   {"id", "createdAt", "kind", "type", "amount", "name", "description"},
		"CloudUserGroup": {"id", "createdAt", "name", "description", "__typename"},
		"CloudUser":      {"id", "createdAt", "login", "email", "firstName", "lastName", "role", "status"},
		"Domain":         {"id", "name", "registeredAt", "portalUsername"},
		"CloudSpace":     {"id", "createdAt", "name", "description", "status"},
	}
}

func edges() map[string]map[string]string {
	return map[string]map[string]string{
		"Customer":       {"cloudUserGroups": "CloudUserGroup", "domains": "Domain", "cloudSpaces": "CloudSpace"},
		"CloudUserGroup": {"users": "CloudUser", "customers": "Customer"},
		"CloudUser":      {"groups": "CloudUserGroup"},
		"CloudSpace":     {"children": "CloudSpace"},
	}
}

// drawn draws selections.
type drawn struct {
	t *rapid.T
	n int
}

func (d *drawn) alias(name string) string {
	if d.n++; rapid.IntRange(0, 4).Draw(d.t, "alias") == 0 {
		return fmt.Sprintf("a%d: %s", d.n, name)
	}
	return name
}

func (d *drawn) object(typ string, depth int) string {
	fields := rapid.SliceOfNDistinct(rapid.SampledFrom(scalars()[typ]), 1, 4, rapid.ID[string]).Draw(d.t, "fields")
	var parts []string
	for _, f := range fields {
		parts = append(parts, d.alias(f))
	}
	if typ == "Customer" && rapid.Bool().Draw(d.t, "capacity") {
		parts = append(parts, d.alias("capacityAvailable")+" "+d.object("CapacityUnit", 0), "capacityConsumed { ...unit }",
			d.alias("capacityBalance")+" { type remaining consumed available }")
	}
	if depth > 0 {
		for _, name := range slices.Sorted(maps.Keys(edges()[typ])) {
			to := edges()[typ][name]
			if rapid.Bool().Draw(d.t, name) {
				parts = append(parts, d.connection(name, to, depth-1, ""))
			}
		}
	}
	if rapid.IntRange(0, 3).Draw(d.t, "skip") == 0 {
		parts = append(parts, "id @skip(if: true)", "... on "+typ+" { k: id @include(if: true) }")
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

func (d *drawn) connection(name, to string, depth int, more string) string {
	args := more
	if rapid.Bool().Draw(d.t, "first") {
		args += fmt.Sprintf(" first: %d", rapid.IntRange(1, 4).Draw(d.t, "size"))
	}
	if args != "" {
		args = "(" + args + ")"
	}
	parts := []string{}
	if rapid.Bool().Draw(d.t, "nodes") {
		parts = append(parts, "nodes "+d.object(to, depth))
	}
	if rapid.Bool().Draw(d.t, "edges") {
		parts = append(parts, d.alias("edges")+" { node "+d.object(to, depth)+" }")
	}
	parts = append(parts, "pageInfo { hasPreviousPage hasNextPage }")
	if rapid.Bool().Draw(d.t, "total") {
		parts = append(parts, d.alias("totalCount"))
	}
	return d.alias(name+args) + " { " + strings.Join(parts, " ") + " }"
}

// TestFastIsOrdinary is the licence for the fast path: random selections,
// arguments and viewers give the answer of the ordinary path.
func TestFastIsOrdinary(t *testing.T) {
	fast := apitest.New(t, pgtest.URL(t))
	ids := fill(t, fast)
	slow := apitest.OpenOrdinary(t, fast.URL)
	cursor := ""
	rapid.Check(t, func(rt *rapid.T) {
		d := &drawn{t: rt}
		query := ""
		if rapid.Bool().Draw(rt, "one") {
			id := rapid.SampledFrom(append(ids, "00000000-0000-4000-8000-000000000000")).Draw(rt, "id")
			query = fmt.Sprintf("{ customer(id: %q) %s }", strings.ToUpper(id), d.object("Customer", 3))
		} else {
			more := ""
			if by := rapid.SampledFrom([]string{"", "NAME", "CREATED_AT", "CITY", "STATUS"}).Draw(rt, "order"); by != "" {
				more += " orderBy: {field: " + by + ", direction: " + rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(rt, "direction") + "}"
			} else if cursor != "" && rapid.Bool().Draw(rt, "after") {
				more += " after: " + cursor
			}
			more += rapid.SampledFrom([]string{"", ` where: {nameContains: "customer 1"}`, ` where: {hasDomains: true, not: {status: DISABLED}}`,
				` where: {or: [{city: "Ghent"}, {nameContainsFold: "A CUST"}]}`, ` where: {hasCloudUserGroupsWith: [{name: "group 1"}]}`,
				` where: {hasCloudUserGroups: false}`, ` where: {hasDomainsWith: [{name: "d3-0.example"}]}`, ` where: {}`}).Draw(rt, "where")
			query = "{ " + d.connection("customers", "Customer", 2, more) + " p: customers(first: 2) { edges { cursor } pageInfo { startCursor endCursor hasNextPage } } }"
		}
		if strings.Contains(query, "...unit") {
			query += " fragment unit on CapacityUnit { type amount __typename }"
		}
		login := rapid.SampledFrom([]string{apitest.Administrator, apitest.Operator, apitest.Member}).Draw(rt, "login")
		got, want := fast.Query(login, query, nil), slow.Query(login, query, nil)
		if diff := cmp.Diff(decode(rt, want.Body), decode(rt, got.Body)); diff != "" {
			rt.Fatalf("%s as %s: ordinary (-) and fast (+) differ:\n%s", query, login, diff)
		}
		if i := strings.Index(want.Body, `"endCursor":"`); i >= 0 {
			cursor = want.Body[i+len(`"endCursor":`):]
			cursor = cursor[:strings.Index(cursor[1:], `"`)+2]
		}
	})
	if fast.Reader.Fast.Load() == 0 || slow.Reader != nil {
		t.Errorf("the fast path took %d of %d root fields", fast.Reader.Fast.Load(), fast.Reader.Ordinary.Load())
	}
	t.Logf("fast %d, ordinary %d", fast.Reader.Fast.Load(), fast.Reader.Ordinary.Load())
}

func decode(t *rapid.T, body string) any {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}
