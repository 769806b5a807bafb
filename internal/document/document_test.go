package document_test

import (
	"flag"
	"os"
	"testing"
	"time"

	"cloudapi/internal/document"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// contractCustomer is the customer of CONTRACT.md's YAML example.
func contractCustomer() document.Customer {
	return document.Customer{
		GUID:      uuid.MustParse("22544b07-4129-47b1-8690-b92c0db21434"),
		Version:   uuid.MustParse("c4395da2-be55-495a-a17e-6a25542ca398"),
		CreatedAt: time.Date(2010, 3, 1, 13, 0, 59, 0, time.FixedZone("CET", 3600)),
		Name:      "Customer1",
		City:      "Bombai",
		Status:    "CONFIGURED",
		CapacityAvailable: []document.Unit{{
			GUID:        uuid.MustParse("7f0a6c3e-2f64-4f1c-9b7e-3c1d5e8a9b01"),
			Version:     uuid.MustParse("7f0a6c3e-2f64-4f1c-9b7e-3c1d5e8a9b02"),
			Amount:      1000,
			Type:        "CU",
			Name:        "CPU",
			Description: "CPU units",
		}},
		CloudUserGroups: []uuid.UUID{uuid.MustParse("fad805f7-1f4e-4db1-8902-f440a59270e6")},
	}
}

// fullCustomer has every field, and texts that each format must escape.
func fullCustomer() document.Customer {
	c := contractCustomer()
	group := uuid.MustParse("0a0b0c0d-0000-4000-8000-00000000000a")
	policy := uuid.MustParse("0a0b0c0d-0000-4000-8000-00000000000b")
	c.Name = "Zoë & Søn <ApS> 🚀"
	c.Description = "first: line\r\nsecond\tline\n"
	c.Address = "12:30"
	c.City = "'s-Hertogenbosch"
	c.Country = "no"
	c.ResourceGroupID, c.RetentionPolicyID = &group, &policy
	c.CapacityConsumed = []document.Unit{
		{GUID: group, Version: policy, Amount: 1, Type: "WV"},
		{GUID: policy, Version: group, Amount: document.MaxAmount, Type: "NUIPPORTS", Name: "- IPs", Description: "#1"},
	}
	c.CloudUserGroups = append(c.CloudUserGroups, group)
	c.Domains = []string{"example.com", "xn--bcher-kva.example"}
	return c
}

// bareCustomer has only the required fields.
func bareCustomer() document.Customer {
	c := contractCustomer()
	return document.Customer{GUID: c.GUID, Version: c.Version, CreatedAt: c.CreatedAt, Name: "x", Status: "ACTIVE"}
}

func TestGolden(t *testing.T) {
	plain := func(write func(document.Customer) string) func(document.Customer) (string, error) {
		return func(c document.Customer) (string, error) { return write(c), nil }
	}
	customers := map[string]document.Customer{
		"contract": contractCustomer(), "full": fullCustomer(), "bare": bareCustomer(),
	}
	writers := map[string]func(document.Customer) (string, error){
		"thrift": document.Thrift[document.Customer], "xml": document.XML[document.Customer], "yaml": plain(document.YAML[document.Customer]),
	}
	for name, customer := range customers {
		for format, write := range writers {
			t.Run(name+"."+format, func(t *testing.T) {
				got, err := write(customer)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, "testdata/golden/"+name+"."+format, got)
			})
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), run with -update if it is meant to change:\n%s", path, diff)
	}
}

// texts returns texts that some reader of some format misreads.
func texts() []string {
	return []string{
		"plain", "two words", "a  b", " leading", "trailing ", "a, b", "it's", `say "hi"`, `back\slash`,
		"123", "-1", "+1", "007", "08", "1_000", "1,000", "0x1F", "0o17", "0b101", "1.5", "1.", ".5", "1e3", "1E-3",
		".inf", "-.INF", ".NaN", "nan", "inf", "Infinity", "1:30", "190:20:30.15", "12:99", "2010-03-01",
		"2010-03-01 12:00", "2010-03-01 12:00:00", "2010-3-1T1:2:3Z", "22544b07-4129-47b1-8690-b92c0db21434",
		"true", "False", "TRUE", "yes", "No", "on", "OFF", "y", "N", "null", "Null", "~", "nil", "=", "<<", "e5", "_", ".",
		"a: b", "a:", ":a", ": a", ":", "a #b", "#b", "a#b", "- a", "-a", "-", "--", "---", "--- a", "...", "... a", ".. a",
		"? a", "?a", "?", "[a]", "{a}", "a]", "a}", "a[", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a", "'a", `"a`, "''",
		"http://example.com/?a=b&c=d#e", "C:\\dir", "100%", "a\tb", "\ta", "a\t", "a\nb", "\na", "a\n", "\n", "a\n\n b\n",
		"a\r\nb", "a\rb", "\r", "<a href=\"x\">&amp;</a>", "]]>", "<![CDATA[x]]>", "<!-- -- -->", "&#13;", "<?xml?>",
		"Zoë", "Ünï", "日本語", "עברית", "🚀", "𝒳", "e\u0301", "\u0085", "a\u0085b", "\u2028", "a\u2029b", "\ufeff", "a\ufeffb",
		"\u00a0", "\u200b", "\u202e", "\ufffd", "\x00", "\x01", "\x1b[0m", "\x7f", "\u0080", "\u009f", "\ufffe", "\uffff",
		"\U0001fffe", "\U0010ffff", "\ud7ff", "\ue000", "\xff", "a\xc3", "\xed\xa0\x80",
	}
}
