package document_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cloudapi/internal/document"

	"github.com/google/go-cmp/cmp"
)

func FuzzXML(f *testing.F) {
	for _, text := range texts() {
		f.Add(text)
	}
	validate := validator(f)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := document.XML(withText(text))
		if err != nil {
			t.Fatal(err)
		}
		if fault := validate(got); fault != "" {
			t.Errorf("not valid: %s\n%s", fault, got)
		}
		var back struct {
			Name    string   `xml:"name"`
			Address *string  `xml:"address"`
			Domains []string `xml:"domains>domain"`
			Units   []string `xml:"capacityunitsconsumed>capacityunit>name"`
		}
		if err := xml.Unmarshal([]byte(got), &back); err != nil {
			t.Fatal(err)
		}
		want := replaceIllegal(text)
		if back.Name != want || back.Domains[1] != want {
			t.Errorf("%q came back as %q and %q", want, back.Name, back.Domains[1])
		}
		if (back.Address != nil) != (text != "") || (len(back.Units) == 1) != (text != "") {
			t.Errorf("an unset text is there, or a set one is not:\n%s", got)
		}
	})
}

func TestXMLIsValid(t *testing.T) {
	validate := validator(t)
	for _, c := range []document.Customer{contractCustomer(), fullCustomer(), bareCustomer()} {
		got, err := document.XML(c)
		if err != nil {
			t.Fatal(err)
		}
		if fault := validate(got); fault != "" {
			t.Errorf("not valid: %s\n%s", fault, got)
		}
	}
}

// TestXMLSchemaRefuses shows that the schema restricts documents: each line violates one of its rules.
func TestXMLSchemaRefuses(t *testing.T) {
	validate := validator(t)
	valid, err := document.XML(contractCustomer())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, broken string }{
		{"<status>CONFIGURED<", "<status>configured<"},
		{"<capacityunittype>CU<", "<capacityunittype>GPU<"},
		{"<amount>1000<", "<amount>0<"},
		{"<amount>1000<", "<amount>9007199254740992<"},
		{"<amount>1000<", "<amount>1.5<"},
		{"<guid>22544b07", "<guid>22544B07"},
		{"2010-03-01 12:00", "2010-13-01 12:00"},
		{"2010-03-01 12:00", "2010-03-01"},
		{"<name>Customer1</name>", ""},
		{"<domains></domains>", ""},
		{"<city>Bombai</city>", "<town>Bombai</town>"},
	} {
		if !strings.Contains(valid, tt.old) {
			t.Fatalf("%q is not in\n%s", tt.old, valid)
		}
		if validate(strings.Replace(valid, tt.old, tt.broken, 1)) == "" {
			t.Errorf("%q instead of %q is valid", tt.broken, tt.old)
		}
	}
}

func TestXMLRefusesWhatIsNotText(t *testing.T) {
	tests := map[string]func(*document.Customer){
		"status":      func(c *document.Customer) { c.Status = "GONE" },
		"unit type":   func(c *document.Customer) { c.CapacityAvailable[0].Type = "GPU" },
		"amount 0":    func(c *document.Customer) { c.CapacityAvailable[0].Amount = 0 },
		"amount 2^53": func(c *document.Customer) { c.CapacityConsumed[0].Amount = document.MaxAmount + 1 },
		"year 10000":  func(c *document.Customer) { c.CreatedAt = c.CreatedAt.AddDate(8000, 0, 0) },
		"year -1":     func(c *document.Customer) { c.CreatedAt = c.CreatedAt.AddDate(-2011, 0, 0) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			c := fullCustomer()
			spoil(&c)
			if got, err := document.XML(c); err == nil {
				t.Errorf("no error but\n%s", got)
			}
		})
	}
}

// TestSchemaEnumerations compares the lists in Go with those in the schema.
func TestSchemaEnumerations(t *testing.T) {
	var schema struct {
		Types []struct {
			Name   string `xml:"name,attr"`
			Values []struct {
				Value string `xml:"value,attr"`
			} `xml:"restriction>enumeration"`
		} `xml:"simpleType"`
	}
	if err := xml.Unmarshal([]byte(document.XMLSchema[document.Customer]()), &schema); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, kind := range schema.Types {
		for _, v := range kind.Values {
			got[kind.Name] = append(got[kind.Name], v.Value)
		}
	}
	want := map[string][]string{
		"customerstatustype": document.Statuses(), "capacityunittype": document.UnitTypes(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// validator returns a function that validates a document against the schema with xmllint and returns the errors.
func validator(t testing.TB) func(document string) string {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is not installed: apt-get install libxml2-utils")
	}
	schema := filepath.Join(t.TempDir(), "customer.xsd")
	if err := os.WriteFile(schema, []byte(document.XMLSchema[document.Customer]()), 0o644); err != nil {
		t.Fatal(err)
	}
	return func(document string) string {
		lint := exec.Command(xmllint, "--noout", "--nonet", "--schema", schema, "-")
		lint.Stdin = strings.NewReader(document)
		if output, err := lint.CombinedOutput(); err != nil {
			return string(output) + err.Error()
		}
		return ""
	}
}

// replaceIllegal replaces what is not a Char of XML 1.0 (production 2) by U+FFFD.
func replaceIllegal(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		legal := r == '\t' || r == '\n' || r == '\r' ||
			r >= ' ' && r < 0xD800 || r > 0xDFFF && r < 0xFFFE || r > 0xFFFF
		if !legal {
			runes[i] = '\uFFFD'
		}
	}
	return string(runes)
}
