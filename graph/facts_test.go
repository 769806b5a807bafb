package graph_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	schema "github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/cloudspace"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/customer"
	"cloudapi/internal/document"
	"cloudapi/internal/strictjson"
)

// TestEnumerationsAreEqual: the schema, the model and the serialized forms have the same values.
func TestEnumerationsAreEqual(t *testing.T) {
	s := load(t)
	for _, e := range []struct {
		name     string
		document []string
		model    func(string) error
	}{
		{"CustomerStatus", document.Statuses(), func(v string) error { return customer.StatusValidator(customer.Status(v)) }},
		{"CapacityUnitType", document.UnitTypes(), func(v string) error { return capacityunit.TypeValidator(capacityunit.Type(v)) }},
		{"CloudUserStatus", document.CloudUserStatuses(), func(v string) error { return clouduser.StatusValidator(clouduser.Status(v)) }},
		{"CloudSpaceStatus", document.CloudSpaceStatuses(), func(v string) error { return cloudspace.StatusValidator(cloudspace.Status(v)) }},
	} {
		var values []string
		for _, v := range s.Types[e.name].EnumValues {
			values = append(values, v.Name)
			if err := e.model(v.Name); err != nil {
				t.Errorf("%s: %v", e.name, err)
			}
		}
		slices.Sort(values)
		if expected := slices.Sorted(slices.Values(e.document)); !slices.Equal(values, expected) {
			t.Errorf("%s has %q in the schema, and %q in the serialized forms", e.name, values, expected)
		}
	}
}

// TestLimitsAreEqual: connections have the page sizes of the model, and the range of Amount is described.
func TestLimitsAreEqual(t *testing.T) {
	s := load(t)
	page := s.Directives["page"].Arguments
	for name, size := range map[string]int{"default": ent.DefaultPage, "max": ent.MaxPage} {
		if got := page.ForName(name); got == nil || got.DefaultValue.Raw != strconv.Itoa(size) {
			t.Errorf("@page has %s %v, not %d", name, got, size)
		}
	}
	for _, definition := range s.Types {
		for _, f := range definition.Fields {
			if d := f.Directives.ForName("page"); d != nil && len(d.Arguments) > 0 && strings.HasSuffix(f.Type.Name(), "Connection") {
				t.Errorf("%s.%s has page sizes of its own, which the model ignores", definition.Name, f.Name)
			}
		}
	}
	amount := s.Types["Amount"]
	if amount.Kind != schema.Scalar || !strings.Contains(amount.Description, strconv.Itoa(strictjson.MaxInteger)) {
		t.Errorf("Amount does not describe its maximum: %q", amount.Description)
	}
}
