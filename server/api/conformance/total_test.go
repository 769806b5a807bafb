package conformance_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	cmpdiff "github.com/google/go-cmp/cmp"

	"cloudapi/server/api/apitest"
)

const sums = "capacityBalance { type available consumed remaining } countByStatus { status count } countByCountry { country count }"

// totals are the fields of a list of customers that concern all of them.
type totals struct {
	CapacityBalance []struct{ Type, Available, Consumed, Remaining string }
	CountByStatus   []struct {
		Status string
		Count  int
	}
	CountByCountry []struct {
		Country string
		Count   int
	}
}

// totals returns the totals of some customers.
func (m *model) totals(customers []row) totals {
	all := totals{}
	sum := map[string]map[string]*big.Int{}
	status, country := map[string]int{}, map[string]int{}
	for _, c := range customers {
		status[c["status"].(string)]++
		country[c["country"].(string)]++
		for _, u := range m.w.rows["capacity_units"] {
			if u["customer_id"] != c["id"] {
				continue
			}
			typ := u["type"].(string)
			if sum[typ] == nil {
				sum[typ] = map[string]*big.Int{"AVAILABLE": {}, "CONSUMED": {}}
			}
			of := sum[typ][u["kind"].(string)]
			of.Add(of, big.NewInt(u["amount"].(int64)))
		}
	}
	for typ, of := range sum {
		all.CapacityBalance = append(all.CapacityBalance, struct{ Type, Available, Consumed, Remaining string }{
			typ, of["AVAILABLE"].String(), of["CONSUMED"].String(), new(big.Int).Sub(of["AVAILABLE"], of["CONSUMED"]).String(),
		})
	}
	slices.SortFunc(all.CapacityBalance, func(a, b struct{ Type, Available, Consumed, Remaining string }) int {
		return strings.Compare(a.Type, b.Type)
	})
	for name, n := range status {
		all.CountByStatus = append(all.CountByStatus, struct {
			Status string
			Count  int
		}{name, n})
	}
	slices.SortFunc(all.CountByStatus, func(a, b struct {
		Status string
		Count  int
	},
	) int {
		return strings.Compare(a.Status, b.Status)
	})
	for name, n := range country {
		all.CountByCountry = append(all.CountByCountry, struct {
			Country string
			Count   int
		}{name, n})
	}
	slices.SortFunc(all.CountByCountry, func(a, b struct {
		Country string
		Count   int
	},
	) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Country, b.Country))
	})
	return all
}

// totalsFollowTheModel generates filters for the lists of customers. The totals are those of all selected customers,
// whatever the page.
func totalsFollowTheModel(t *testing.T, w *world) {
	m := &model{t, w}
	d := &drawer{w: w, m: m, rnd: random(t), seen: map[string]bool{}}
	for n := range 60 {
		for _, l := range m.lists() {
			if l.of != "Customer" {
				continue
			}
			r, _ := d.request(l)
			if n == 0 {
				r.args = map[string]any{} // everything
			}
			delete(r.args, "after")
			delete(r.args, "before")
			where, _ := r.args["where"].(map[string]any)
			customers := slices.DeleteFunc(slices.Clone(m.of(l, r.parent)), func(c row) bool { return !m.holds("Customer", where, c) })
			want := m.totals(customers)
			for _, selection := range []string{sums, sums + " nodes { id }"} {
				query, variables := r.query(w.schema, selection)
				for _, p := range w.paths {
					body := p.api.Query(apitest.Administrator, query, variables).Body
					_, answer, ok := strings.Cut(body, `"x":`)
					var got totals
					if err := json.NewDecoder(strings.NewReader(answer)).Decode(&got); err != nil || !ok {
						t.Fatalf("%s: %v %s", query, err, body)
					}
					if diff := cmpdiff.Diff(fmt.Sprint(want), fmt.Sprint(got)); diff != "" {
						t.Fatalf("%s: %s %v\nmodel (-), got (+): %s", p.name, query, variables, diff)
					}
				}
			}
		}
	}
}
