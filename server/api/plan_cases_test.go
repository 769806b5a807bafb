package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api/apitest"
)

// customersPage returns a query for a page of 20; arguments begin with a comma.
func customersPage(arguments string) string {
	return "{ customers(first: 20" + arguments + ") { nodes { name } pageInfo { hasNextPage endCursor } } }"
}

// cursor returns the cursor of a customer in an order, by its index from 0.
func (l *landmarks) cursor(t *testing.T, column string, direction ent.OrderDirection, at int) string {
	t.Helper()
	var id uuid.UUID
	var value, second any
	columns := strings.Split(column, ",")
	last := columns[len(columns)-1]
	query := fmt.Sprintf("SELECT id, %s, %s FROM customers ORDER BY %[1]s %[3]s, %[2]s %[3]s, id %[3]s OFFSET %[4]d LIMIT 1", columns[0], last, direction, at)
	if err := l.db.QueryRow(query).Scan(&id, &value, &second); err != nil {
		t.Fatal(err)
	}
	if column == "id" {
		value = nil
	} else if len(columns) == 2 {
		value = ent.Pair{First: value.(string), Second: second}
	}
	list := ent.List{Object: "Query", Field: "customers", Column: column, Direction: direction}
	return `"` + ent.EncodeCursor(list.Cursor(id, value)) + `"`
}

const farAway = many * 4 / 5

// searchRows is how many rows a search may read: a page in each of the places where it looks.
const searchRows = 10 * pageRows

// orders: each order in both directions, from the beginning, from a distant cursor, and backwards from there.
func (l *landmarks) orders(t *testing.T, s *pgtest.Server, a *apitest.API) {
	columns := map[string]string{"NAME": "name_fold", "CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "CITY": "city", "COUNTRY": "country", "STATUS": "status",
		"STATUS_NAME": "status,name_fold", "STATUS_CREATED_AT": "status,created_at", "COUNTRY_NAME": "country,name_fold", "COUNTRY_CREATED_AT": "country,created_at"}
	check := func(name, order, column string, direction ent.OrderDirection) {
		far := l.cursor(t, column, direction, farAway)
		for where, query := range map[string]string{
			"first page": customersPage(order), "far away": customersPage(", after: " + far + order),
			"back": "{ customers(last: 20, before: " + far + order + ") { nodes { name } pageInfo { hasPreviousPage } } }",
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				expectation{login: apitest.Administrator, query: query, most: pageRows}.check(t, s, a)
			})
		}
	}
	check("by guid", "", "id", "ASC")
	for field, column := range columns {
		for _, direction := range []ent.OrderDirection{"ASC", "DESC"} {
			check("by "+field+" "+string(direction), fmt.Sprintf(", orderBy: {field: %s, direction: %s}", field, direction), column, direction)
		}
	}
}

// search is a filter with values that match many customers, some or none.
type search struct {
	where  string
	values []string
}

func (l *landmarks) filters() []search {
	nobody := `"` + uuid.NewString() + `"`
	id, resources := `"`+l.id+`"`, `"`+l.resources+`"`
	return []search{
		{`{id: %s}`, []string{id, nobody}},
		{`{idIn: [%s]}`, []string{id + ", " + nobody, nobody + ", " + nobody}},
		{`{name: "%s"}`, []string{"Lumen Harbor 123456", "nobody"}},
		{`{nameContains: "%s"}`, []string{"Harbor", "123456", "nobody", "r"}},
		{`{nameContainsFold: "%s"}`, []string{"hArbor", "R 123456", "NoBody", "R"}},
		{`{nameStartsWithFold: "%s"}`, []string{"hArbor", "Lumen Harbor 1234", "NoBody", "R", "l"}},
		{`{cityContainsFold: "%s"}`, []string{"HEN", "where", "t"}},
		{`{cityStartsWithFold: "%s"}`, []string{"gHe", "Nowhere", "g"}},
		{`{updatedAtGTE: "2026-01-02T10:00:00Z", updatedAtLT: "2026-01-02T10:%s:00Z"}`, []string{"01", "02"}},
		{`{status: %s}`, []string{"ACTIVE"}},
		{`{statusIn: [%s]}`, []string{"ACTIVE, DISABLED"}},
		{`{city: "%s"}`, []string{"Ghent", "Nowhere"}},
		{`{country: "%s"}`, []string{"BE", "XX"}},
		{`{resourceGroupId: %s}`, []string{resources, nobody}},
		{`{resourceGroupIdIsNull: %s}`, []string{"true", "false"}},
		{`{retentionPolicyIdIsNull: %s}`, []string{"true", "false"}},
		{`{not: {resourceGroupId: %s}}`, []string{resources, nobody}},
		{`{idIn: []%.0s}`, []string{""}},
		{`{createdAtGTE: "2026-01-02T10:00:00Z", createdAtLT: "2026-01-02T10:%s:00Z"}`, []string{"01", "02"}},
		{`{hasDomains: %s}`, []string{"true", "false"}},
		{`{hasDomainsWith: [{name: "%s"}]}`, []string{"domain-1234.example", "nobody"}},
		{`{hasDomainsWith: [{nameStartsWithFold: "%s"}]}`, []string{"Domain-1234", "nobody"}},
		{`{hasCloudUserGroups: %s}`, []string{"true", "false"}},
		{`{hasCloudUserGroupsWith: [{name: "%s"}]}`, []string{"Group 1234", "nobody"}},
		{`{and: [{city: "%s"}, {country: "BE"}]}`, []string{"Ghent", "Nowhere"}},
		{`{or: [{id: %s}, {name: "Lumen Harbor 123456"}]}`, []string{id, nobody}},
		{`{not: {status: %s}}`, []string{"ACTIVE"}},
		{`{not: {hasCloudUserGroupsWith: [{name: "%s"}]}}`, []string{"Group 1234", "nobody"}},
	}
}

// searches: each filter, on the first page and on a distant one.
func (l *landmarks) searches(t *testing.T, s *pgtest.Server, a *apitest.API) {
	far := l.cursor(t, "id", "ASC", farAway)
	for _, f := range l.filters() {
		for _, value := range f.values {
			where := ", where: " + fmt.Sprintf(f.where, value)
			usual := ", where: " + fmt.Sprintf(f.where, f.values[0])
			t.Run("where "+fmt.Sprintf(f.where, value), func(t *testing.T) {
				for _, after := range []string{"", ", after: " + far} {
					expectation{
						login: apitest.Administrator, query: customersPage(after + where), most: pageRows,
						usually: []string{customersPage(after + usual)},
					}.check(t, s, a)
				}
			})
		}
	}
	for _, text := range []string{"lumen", "Lumen Harbor 123456", "123456", "nobody", "l", "zz", "domain-1234", "GHENT", "user-123", "er-777"} {
		t.Run("search "+text, func(t *testing.T) {
			query := fmt.Sprintf("{ search(text: %q, first: 20) { name } }", text)
			expectation{login: apitest.Administrator, most: searchRows, query: query}.check(t, s, a)
		})
	}
	for list, filters := range map[string][]string{
		"cloudUsers":      {`loginContainsFold: "SER-999"`, `loginStartsWithFold: "USER-999"`, `nameContainsFold: "SON 999"`, `nameStartsWithFold: "PERSON 999"`, `emailContainsFold: "999@Example"`},
		"cloudUserGroups": {`nameContainsFold: "OUP 9999"`, `nameStartsWithFold: "GROUP 9999"`},
		"cloudSpaces":     {`nameContainsFold: "ACE 9999"`, `nameStartsWithFold: "SPACE 9999"`},
	} {
		for _, where := range filters {
			t.Run(list+" "+where, func(t *testing.T) {
				query := "{ " + list + "(first: 20, where: {" + where + "}) { nodes { id } } }"
				expectation{login: apitest.Administrator, most: pageRows, query: query}.check(t, s, a)
			})
		}
	}
	t.Run("all jobs", func(t *testing.T) {
		for _, where := range []string{"", `, where: {action: "createCustomer"}`, `, where: {customerId: "` + l.giants + `"}`, `, where: {status: ERROR}`} {
			query := "{ jobs(first: 20" + where + ") { nodes { action } } }"
			expectation{login: apitest.Administrator, most: pageRows, query: query}.check(t, s, a)
		}
	})
}

// neighbors: the lists of one customer with many rows; at most all of them are read to choose a page.
func (l *landmarks) neighbors(t *testing.T, s *pgtest.Server, a *apitest.API) {
	for name, selection := range map[string]string{
		"domains": "domains(first: 20) { nodes { name } pageInfo { hasNextPage } }", "cloud spaces": "cloudSpaces(first: 20) { nodes { name } }",
		"groups": "cloudUserGroups(first: 20) { nodes { name users(first: 5) { nodes { login } } } }",
		"jobs":   "jobs(first: 20) { nodes { action } }", "jobs by action": `jobs(first: 20, where: {action: "updateCustomer"}) { nodes { action } }`,
		"domains by name": "domains(first: 20, orderBy: {field: NAME}) { nodes { name } }",
		"spaces by name":  `cloudSpaces(first: 20, orderBy: {field: NAME, direction: DESC}, where: {status: ACTIVE}) { nodes { name } }`,
		"groups by name":  `cloudUserGroups(first: 20, orderBy: {field: NAME}) { nodes { name } }`,
	} {
		t.Run(name, func(t *testing.T) {
			expectation{login: apitest.Administrator, most: 3 * giant, query: fmt.Sprintf("{ customer(id: %q) { %s } }", l.giants, selection)}.check(t, s, a)
		})
	}
	t.Run("what a member sees", func(t *testing.T) {
		expectation{login: apitest.Member, most: pageRows, query: customersPage("")}.check(t, s, a)
	})
}
