package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// hostileValues are values that no scalar may fail on, as JSON and as literals.
func hostileValues() []string {
	return []string{
		`null`, `true`, `0`, `-0`, `1.0`, `1e1`, `1.5`, `-1`, `1e400`, `-1e-400`, `123456789012345678901234567890`, `9007199254740993`,
		`2147483648`, `0.12345678901234567890`, `""`, `"active"`, `"ACTIVE"`, `"1"`, `"\u0000"`, `"a"`, `"9999-12-31T23:59:59-01:00"`,
		`"0001-01-01T00:00:00+01:00"`, `"0000-01-01T00:00:00Z"`, `"2020-01-01T1:00:00Z"`, `"2020-01-01T01:00:00,5Z"`,
		`"2020-01-01T01:00:00+24:00"`, `"00000000-0000-0000-0000-000000000000"`, `[]`, `[null]`, `[[1]]`, `{}`, `{"a":1}`, `{"a":null}`,
	}
}

// places has, for each type, a document with a place for a value.
func places() map[string]string {
	return map[string]string{
		"Int":                  `query%s { customers(first: %s) { totalCount } }`,
		"ID!":                  `query%s { customer(id: %s) { id } }`,
		"[ID!]!":               `query%s { nodes(ids: %s) { id } }`,
		"String":               `query%s { customers(where: {name: %s}) { totalCount } }`,
		"[CustomerStatus!]":    `query%s { customers(where: {not: {statusIn: %s}}) { totalCount } }`,
		"CustomerStatus":       `query%s { customers(where: {or: [{status: %s}]}) { totalCount } }`,
		"Time":                 `query%s { customers(where: {createdAtGTE: %s}) { totalCount } }`,
		"Cursor":               `query%s { customers(after: %s) { totalCount } }`,
		"CustomerOrder":        `query%s { customers(first: 1, orderBy: %s) { totalCount } }`,
		"CustomerWhereInput":   `query%s { customers(where: %s) { totalCount } }`,
		"Boolean!":             `query%s { viewer { login @include(if: %s) } }`,
		"SerializationFormat!": `query%s { customers(first: 1) { nodes { serialized(format: %s) } } }`,
		"CloudUserGroupOrder":  `query%s { customers(first: 1) { nodes { cloudUserGroups(first: 1, orderBy: %s) { totalCount } } } }`,
		"Amount!":              `mutation%s { addCapacityAvailable(input: {customerId: "00000000-0000-0000-0000-000000000000", type: CU, amount: %s}) { job { id } } }`,
		"CapacityUnitType!":    `mutation%s { removeCapacityAvailable(input: {customerId: "00000000-0000-0000-0000-000000000000", type: %s}) { job { id } } }`,
		"Float":                `mutation%s { createCustomer(input: {name: "x", execution: {params: {maxduration: %s}}}) { job { id } } }`,
		"JSONObject":           `mutation%s { createCustomer(input: {name: "x", execution: {params: {other: %s}}}) { job { parameters } } }`,
		"Secret!":              `mutation%s { signIn(input: {login: "nobody", password: %s}) { token } }`,
		"CreateCustomerInput!": `mutation%s { createCustomer(input: %s) { job { id } } }`,
	}
}

// TestNoValueIsAnInternalError: every type of input, as a literal, as a variable, nested in one, and as a default, with
// every hostile value, is accepted or gives a client error.
func TestNoValueIsAnInternalError(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/values.db")
	a.Customer(t, "c")
	ask := func(body string) string {
		r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		answer := a.Do(r, apitest.Administrator)
		if answer.Status >= 500 || strings.Contains(answer.Body, "INTERNAL") || strings.Contains(answer.Body, "goroutine") {
			t.Errorf("%s\n%d %.500s", body, answer.Status, answer.Body)
		}
		return answer.Body
	}
	request := func(query, variables string) string {
		text, _ := json.Marshal(query)
		return `{"query":` + string(text) + `,"variables":` + variables + `}`
	}
	for typ, document := range places() {
		for _, value := range hostileValues() {
			literal := strings.NewReplacer(`{"a":`, `{a:`).Replace(value)
			ask(request(fmt.Sprintf(document, "", literal), `{}`))
			ask(request(fmt.Sprintf(document, "($v: "+typ+")", "$v"), `{"v":`+value+`}`))
			nullable := strings.TrimSuffix(typ, "!")
			ask(request(fmt.Sprintf(document, "($v: "+nullable+" = "+literal+")", "$v"), `{}`))
			ask(request(fmt.Sprintf(document, "($v: "+nullable+" = "+literal+")", "$v"), `{"v":null}`))
			ask(request(`query($w: CustomerWhereInput) { customers(where: $w) { totalCount } }`,
				`{"w":{"not":{"or":[{"id":`+value+`,"createdAtLT":`+value+`,"statusIn":`+value+`,"hasDomains":`+value+`,"hasDomainsWith":`+value+`}]}}}`))
			ask(request(`mutation($in: CreateCustomerInput!) { createCustomer(input: $in) { job { parameters } } }`,
				`{"in":{"name":"x","city":`+value+`,"execution":{"parentJobId":`+value+`,"params":{"other":{"deep":[`+value+`]},"wait":`+value+`}}}}`))
		}
	}
	if log := a.Log.String(); strings.Contains(log, "panic") {
		t.Errorf("the log has a panic: %.2000s", log)
	}
}

// TestValuesAreCoercedAsTheSpecificationSays compares answers to values in variables.
func TestValuesAreCoercedAsTheSpecificationSays(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		a.Customer(t, "c")
		for _, c := range []struct{ query, variables, want string }{
			{`query($n: Int) { customers(first: $n) { totalCount } }`, `{"n":1.0}`, `"totalCount":1`},
			{`query($n: Int) { customers(first: $n) { totalCount } }`, `{"n":1e1}`, `"totalCount":1`},
			{`query($n: Int) { customers(first: $n) { totalCount } }`, `{"n":1.5}`, `"$n: Int cannot represent non-integer value: 1.5"`},
			{`query($n: Int) { customers(first: $n) { totalCount } }`, `{"n":1.00000000000000000001}`, `1.00000000000000000001`},
			{`query($n: Int) { customers(first: $n) { totalCount } }`, `{"n":123456789012345678901234567890}`, `123456789012345678901234567890`},
			{`query($s: CustomerStatus) { customers(where: {status: $s}) { totalCount } }`, `{"s":"active"}`, `"$s: active is not a valid CustomerStatus"`},
			{`query($o: CustomerOrder) { customers(orderBy: $o) { totalCount } }`, `{"o":{"field":"name"}}`, `"$o.field: name is not a valid CustomerOrderField"`},
			{`query($o: CustomerOrder) { customers(orderBy: $o) { totalCount } }`, `{"o":{"field":"NAME","direction":"asc"}}`, `"variable":"o"`},
			{`query($b: Boolean = true) { viewer { login @include(if: $b) } }`, `{"b":null}`, `must not be null`},
			{`query($b: Boolean = false) { customers(first: 1) { totalCount @skip(if: $b) } }`, `{"b":null}`, `BAD_USER_INPUT`},
			{`query($t: Time) { customers(where: {createdAtLT: $t}) { totalCount } }`, `{"t":"9999-12-31T23:59:59-01:00"}`, `0001 to 9999`},
			{`query($t: Time) { customers(where: {createdAtLT: $t}) { totalCount } }`, `{"t":"9999-12-31t23:59:59z"}`, `"totalCount":1`},
			{`query($t: Time) { customers(where: {createdAtLT: $t}) { totalCount } }`, `{"t":"2020-01-01T1:00:00Z"}`, `$t: Time cannot represent`},
			{`mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { job { parameters } } }`,
				`{"i":{"name":"x","execution":{"params":{"other":{"a":[9007199254740993,0.10]}}}}}`, `{"a":[9007199254740993,0.10]}`},
			{`mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { job { parameters } } }`,
				`{"i":{"name":"x","execution":{"params":{"other":{"a":[1e400]}}}}}`, `the number 1e400, which is too large`},
			{`mutation { createCustomer(input: {name: "x", execution: {params: {other: {a: 9007199254740993}}}}) { job { parameters } } }`, `{}`, `{"a":9007199254740993}`},
			{`mutation { createCustomer(input: {name: "x", execution: {params: {other: {a: 0.12345678901234567890}}}}) { job { id } } }`, `{}`, `input.execution.params.other: the number 0.12345678901234567890`},
		} {
			text, _ := json.Marshal(c.query)
			r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(`{"query":`+string(text)+`,"variables":`+c.variables+`}`))
			r.Header.Set("Content-Type", "application/json")
			if answer := a.Do(r, apitest.Administrator); !strings.Contains(answer.Body, c.want) {
				t.Errorf("%s %s: want %s in %s", c.query, c.variables, c.want, answer.Body)
			}
		}
	})
}

// TestAllThatIsWrongIsToldAtOnce: each fault of an input has its field, and the path is the response's.
func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		const literal = `mutation { made: createCustomer(input: {name: "\u0001", city: "\u0001", resourceGroupId: "x"}) { job { id } } }`
		const variable = `mutation($in: CreateCustomerInput!) { made: createCustomer(input: $in) { job { id } } }`
		const lengths = `mutation($in: CreateCloudUserInput!) { made: createCloudUser(input: $in) { job { id } } }`
		long := strings.Repeat("x", 300)
		for _, c := range []struct {
			query  string
			in     map[string]any
			fields []string
			path   string
		}{
			{literal, nil, []string{"name", "city", "resourceGroupId"}, `["made"]`},
			{variable, map[string]any{"name": "\x01", "city": "\x01", "resourceGroupId": "x"}, []string{"name", "city", "resourceGroupId"}, ``},
			{lengths, map[string]any{"login": "u", "password": "correct horse battery", "email": long, "firstName": long, "lastName": long},
				[]string{"email", "firstName", "lastName"}, `["made"]`},
			// Texts are checked when they are written, and with the other faults of an input.
			{`mutation { made: createCustomer(input: {name: "` + long + `", resourceGroupId: "x", capacityAvailable: [{type: CU, amount: 1, description: "` + strings.Repeat("x", 5000) + `", name: "` + long + `"}]}) { job { id } } }`,
				nil, []string{"resourceGroupId", "description", "name", "name"}, `["made"]`},
			{variable, map[string]any{"name": long, "resourceGroupId": "x", "cloudSpaces": []any{map[string]any{"name": "fine"}, map[string]any{"name": long}}},
				[]string{"resourceGroupId", "name", "name"}, ``},
		} {
			answer := a.Query(apitest.Administrator, c.query, map[string]any{"in": c.in})
			var got struct {
				Errors []struct {
					Message    string
					Path       json.RawMessage
					Extensions struct{ Field, Code string }
				}
			}
			if err := json.Unmarshal([]byte(answer.Body), &got); err != nil || len(got.Errors) != len(c.fields) {
				t.Fatalf("%v: %s", err, answer.Body)
			}
			for i, e := range got.Errors {
				if e.Extensions.Field != c.fields[i] || string(e.Path) != c.path || !strings.Contains(e.Message, c.fields[i]) || e.Extensions.Code != "BAD_USER_INPUT" {
					t.Errorf("%+v in %s", e, answer.Body)
				}
			}
		}
	})
}

// TestSerializedChangesWithTheVersion: a change of anything in the serialized forms gives the customer a new version.
func TestSerializedChangesWithTheVersion(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		w := world(t, a)
		look := func() (version, yaml string) {
			answer := a.Query(apitest.Administrator, `query($id: ID!) { customer(id: $id) { version serialized(format: YAML) } }`, map[string]any{"id": w.customer})
			var got struct {
				Data struct {
					Customer struct{ Version, Serialized string }
				}
			}
			if err := json.Unmarshal([]byte(answer.Body), &got); err != nil {
				t.Fatal(answer.Body)
			}
			version = got.Data.Customer.Version
			return version, strings.ReplaceAll(got.Data.Customer.Serialized, version, "")
		}
		version, yaml := look()
		for _, mutation := range []string{
			`updateCloudUserGroup(input: {cloudUserGroupId: "` + w.group + `", name: "renamed"}) { job { id } }`,
			`deleteCloudUserGroup(input: {cloudUserGroupId: "` + w.group + `"}) { job { id } }`,
		} {
			if answer := a.Query(apitest.Administrator, "mutation { "+mutation+" }", nil); strings.Contains(answer.Body, `"errors"`) {
				t.Fatal(answer.Body)
			}
			newVersion, newYAML := look()
			if newYAML != yaml && newVersion == version {
				t.Errorf("%s has changed the form and not the version", mutation)
			}
			version, yaml = newVersion, newYAML
		}
		if strings.Contains(yaml, w.group) {
			t.Errorf("the group is still there: %s", yaml)
		}
	})
}

// TestSigningInWithAWrongToken: an expired token does not prevent its owner from signing in again, and grants nothing else.
func TestSigningInWithAWrongToken(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/signin.db")
	for query, want := range map[string]int{
		`mutation { signIn(input: {login: "` + apitest.Member + `", password: "` + apitest.Password + `"}) { token } }`: http.StatusOK,
		`{ viewer { login } }`: http.StatusUnauthorized,
		`{ __typename }`:       http.StatusUnauthorized,
	} {
		answer := a.Query("", query, nil, "Authorization", "Bearer cloudapi_expired")
		if answer.Status != want || want == http.StatusOK && !strings.Contains(answer.Body, `"token"`) {
			t.Errorf("%s: %d %s", query, answer.Status, answer.Body)
		}
		if challenge := answer.Header.Get("WWW-Authenticate"); (want == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s: challenge %q", query, challenge)
		}
	}
}
