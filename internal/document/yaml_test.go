package document_test

import (
	"fmt"
	"strings"
	"testing"

	"cloudapi/internal/document"

	goccy "github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	yaml "go.yaml.in/yaml/v3"
)

// contractYAML is the exact example of CONTRACT.md, section 2.
const contractYAML = `capacityunitsavailable:
- amount: 1000
  capacityunittype: CU
  description: CPU units
  guid: 7f0a6c3e-2f64-4f1c-9b7e-3c1d5e8a9b01
  name: CPU
capacityunitsconsumed: []
city: Bombai
cloudusergroups:
- fad805f7-1f4e-4db1-8902-f440a59270e6
creationdate: 2010-03-01 12:00
guid: 22544b07-4129-47b1-8690-b92c0db21434
name: Customer1
status: CONFIGURED
version: c4395da2-be55-495a-a17e-6a25542ca398
`

func TestYAMLIsTheContractsExample(t *testing.T) {
	if diff := cmp.Diff(contractYAML, document.YAML(contractCustomer())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestYAMLScalarStyle checks the style, which parsers ignore but people who compare documents see.
func TestYAMLScalarStyle(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Customer 1", `Customer 1`},
		{"2010-03-01 12:00", `2010-03-01 12:00`},
		{"12345678-1234-1234-1234-123456789012", `12345678-1234-1234-1234-123456789012`},
		{"123", `'123'`},
		{"true", `'true'`},
		{"no", `'no'`},
		{"~", `'~'`},
		{"1:30", `'1:30'`},
		{"it's: so", `'it''s: so'`},
		{"it's", `it's`},
		{"-a", `-a`},
		{"- a", `'- a'`},
		{"a\nb", `"a\nb"`},
		{"Zoë", `"Zo\xEB"`},
		{"日", `"\u65E5"`},
		{"🚀", `"\U0001F680"`},
		{"\ufeff", `"\uFEFF"`},
		{`\` + "\t\"", `"\\\t\""`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got := document.YAML(document.Customer{Name: tt.text})
			if want := "\nname: " + tt.want + "\n"; !strings.Contains(got, want) {
				t.Errorf("got %s\nwithout %s", got, want)
			}
		})
	}
}

func FuzzYAML(f *testing.F) {
	for _, text := range texts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := withText(text)
		got := document.YAML(c)
		for _, r := range got {
			if r != '\n' && (r < ' ' || r > '~') {
				t.Fatalf("%q is not printable ASCII in\n%s", r, got)
			}
		}
		for name, unmarshal := range map[string]func([]byte, any) error{
			"yaml.v3": yaml.Unmarshal, "goccy": goccyUnmarshal,
		} {
			var back map[string]any
			if err := unmarshal([]byte(got), &back); err != nil {
				t.Fatalf("%s does not read it: %v\n%s", name, err, got)
			}
			if diff := cmp.Diff(flatten(asTree(c)), flatten(back)); diff != "" {
				t.Errorf("%s reads something else (-want +got):\n%s\n%s", name, diff, got)
			}
		}
	})
}

func goccyUnmarshal(data []byte, into any) error { return goccy.Unmarshal(data, into) }

// asTree is the tree that a parser of the YAML must return.
func asTree(c document.Customer) map[string]any {
	tree := map[string]any{
		"creationdate": "2010-03-01 12:00", "guid": c.GUID.String(), "status": c.Status, "version": c.Version.String(),
		"capacityunitsavailable": unitTrees(c.CapacityAvailable), "capacityunitsconsumed": unitTrees(c.CapacityConsumed),
	}
	groups := []any{}
	for _, id := range c.CloudUserGroups {
		groups = append(groups, id.String())
	}
	tree["cloudusergroups"] = groups
	var domains []any
	for _, name := range c.Domains {
		domains = append(domains, clean(name))
	}
	if domains != nil {
		tree["domains"] = domains
	}
	if c.ResourceGroupID != nil {
		tree["resourcegroupguid"] = c.ResourceGroupID.String()
	}
	if c.RetentionPolicyID != nil {
		tree["retentionpolicyguid"] = c.RetentionPolicyID.String()
	}
	set(tree, map[string]string{
		"name": c.Name, "description": c.Description, "address": c.Address, "city": c.City, "country": c.Country,
	})
	return tree
}

func unitTrees(units []document.Unit) []any {
	trees := []any{}
	for _, u := range units {
		tree := map[string]any{"amount": u.Amount, "capacityunittype": u.Type, "guid": u.GUID.String()}
		set(tree, map[string]string{"name": u.Name, "description": u.Description})
		trees = append(trees, tree)
	}
	return trees
}

func set(tree map[string]any, values map[string]string) {
	for key, value := range values {
		if value != "" {
			tree[key] = clean(value)
		}
	}
}

// flatten makes trees of different parsers comparable, which use different integer types.
func flatten(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = flatten(v[key])
		}
	case []any:
		for i := range v {
			v[i] = flatten(v[i])
		}
	case int, int64, uint64:
		return "integer " + fmt.Sprint(v)
	}
	return value
}

// clean replaces each invalid byte of a text by U+FFFD, as in a document.
func clean(s string) string { return string([]rune(s)) }

// withText returns a customer with text in every text field.
func withText(text string) document.Customer {
	c := fullCustomer()
	c.Name, c.Description, c.Address, c.City, c.Country = text, text, text, text, text
	c.CapacityConsumed[1].Name, c.CapacityConsumed[1].Description = text, text
	c.Domains = []string{"example.com", text}
	return c
}
