package api_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestNamesOnBothDatabases: filters and orders by name give the same results on both databases, whatever their rules for
// case and Unicode.
func TestNamesOnBothDatabases(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		names := []string{"Ümlaut", "alpha", "Alpha", "100% sure", "100 sure", "snake_case", "snakeXcase", `back\slash`, "STRASSE", "straße", "Ωmega"}
		for _, n := range names {
			a.Customer(t, n)
		}
		for part, want := range map[string][]string{
			"ümlaut": {"Ümlaut"}, "ALPHA": {"Alpha", "alpha"}, "%": {"100% sure"}, "_": {"snake_case"},
			`\`: {`back\slash`}, "strasse": {"STRASSE", "straße"}, "ωMEGA": {"Ωmega"}, "nothing": nil, "'": nil,
		} {
			answer := a.Query(apitest.Operator, `query($p: String!) { customers(where: {nameContainsFold: $p}) { nodes { name } } }`, map[string]any{"p": part})
			if got := namesIn(t, answer); !slices.Equal(got, want) {
				t.Errorf("fold-contains %q: %v, want %v", part, got, want)
			}
		}
		for part, want := range map[string]int{"alpha": 1, "lpha": 2, "ALPHA": 0, "%": 1, "_": 1, `\`: 1, "ü": 0, "Ü": 1, "": len(names)} {
			found, _ := a.Result(t, apitest.Operator, "cloud_api_customer/find?name="+url.QueryEscape(part)).([]any)
			if len(found) != want {
				t.Errorf("find %q: %d, want %d", part, len(found), want)
			}
		}
		ordered := a.Query(apitest.Operator, `{ customers(orderBy: {field: NAME}, first: 3) { nodes { name } } }`, nil)
		var got struct {
			Data struct {
				Customers struct{ Nodes []struct{ Name string } }
			}
		}
		if err := json.Unmarshal([]byte(ordered.Body), &got); err != nil {
			t.Fatal(err)
		}
		if n := got.Data.Customers.Nodes; len(n) != 3 || n[0].Name != "100 sure" || n[1].Name != "100% sure" || n[2].Name != "alpha" {
			t.Errorf("order by name: %v", n)
		}
	})
}

func namesIn(t *testing.T, answer apitest.Answer) []string {
	t.Helper()
	var got struct {
		Data struct {
			Customers struct{ Nodes []struct{ Name string } }
		}
	}
	if err := json.Unmarshal([]byte(answer.Body), &got); err != nil {
		t.Fatalf("%v in %s", err, answer.Body)
	}
	var names []string
	for _, n := range got.Data.Customers.Nodes {
		names = append(names, n.Name)
	}
	slices.Sort(names)
	return names
}
