package document_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"cloudapi/internal/document"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/google/go-cmp/cmp"
)

func FuzzThrift(f *testing.F) {
	for _, text := range texts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := withText(text)
		got, err := document.Thrift(c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(thriftFields(c), decode(t, got)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestThriftRoundTrip(t *testing.T) {
	for _, c := range []document.Customer{contractCustomer(), fullCustomer(), bareCustomer()} {
		got, err := document.Thrift(c)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(thriftFields(c), decode(t, got)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

// TestThriftLines grows a customer byte by byte past the length at which a line is exactly full.
func TestThriftLines(t *testing.T) {
	for n := range 160 {
		c := bareCustomer()
		c.Name = strings.Repeat("x", n+1)
		got, err := document.Thrift(c)
		if err != nil {
			t.Fatal(err)
		}
		body, ended := strings.CutSuffix(got, "\n")
		if !ended {
			t.Fatalf("the last line does not end: %q", got)
		}
		lines := strings.Split(body, "\n")
		for i, line := range lines {
			if last := i == len(lines)-1; len(line) > 76 || line == "" || (!last && len(line) != 76) {
				t.Errorf("name of %d: line %d of %d has %d columns", n+1, i+1, len(lines), len(line))
			}
		}
	}
}

// thriftFields is CONTRACT.md's table: the expected value under each id.
func thriftFields(c document.Customer) map[int16]any {
	fields := map[int16]any{}
	put(fields, map[int16]string{
		1: c.GUID.String(), 2: c.Version.String(), 3: "2010-03-01 12:00",
		11: c.Name, 12: c.Description, 13: c.Address, 14: c.City, 15: c.Country, 16: c.Status,
	})
	if c.ResourceGroupID != nil {
		fields[19] = c.ResourceGroupID.String()
	}
	if c.RetentionPolicyID != nil {
		fields[26] = c.RetentionPolicyID.String()
	}
	for id, units := range map[int16][]document.Unit{17: c.CapacityAvailable, 18: c.CapacityConsumed} {
		var list []any
		for _, u := range units {
			unit := map[int16]any{11: u.Amount}
			put(unit, map[int16]string{
				1: u.GUID.String(), 2: u.Version.String(), 12: u.Type, 13: u.Name, 14: u.Description,
			})
			list = append(list, unit)
		}
		putList(fields, id, list)
	}
	var groups, domains []any
	for _, id := range c.CloudUserGroups {
		groups = append(groups, id.String())
	}
	for _, name := range c.Domains {
		domains = append(domains, clean(name))
	}
	putList(fields, 20, groups)
	putList(fields, 40, domains)
	return fields
}

func put(fields map[int16]any, texts map[int16]string) {
	for id, text := range texts {
		if text != "" {
			fields[id] = clean(text)
		}
	}
}

func putList(fields map[int16]any, id int16, list []any) {
	if len(list) > 0 {
		fields[id] = list
	}
}

// decode reads a document as a client with the Thrift library does.
func decode(t *testing.T, encoded string) map[int16]any {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(encoded, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	buffer := thrift.NewTMemoryBuffer()
	buffer.Write(raw)
	fields := readStruct(t, thrift.NewTBinaryProtocolConf(buffer, nil))
	if buffer.Len() != 0 {
		t.Errorf("%d bytes follow the struct", buffer.Len())
	}
	return fields
}

func readStruct(t *testing.T, in thrift.TProtocol) map[int16]any {
	t.Helper()
	fields := map[int16]any{}
	for last := int16(0); ; {
		_, kind, id, err := in.ReadFieldBegin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if kind == thrift.STOP {
			return fields
		}
		if id <= last {
			t.Errorf("field %d follows field %d", id, last)
		}
		last = id
		fields[id] = readValue(t, in, kind)
	}
}

func readValue(t *testing.T, in thrift.TProtocol, kind thrift.TType) any {
	t.Helper()
	var value any
	var err error
	switch kind {
	case thrift.STRING:
		value, err = in.ReadString(t.Context())
	case thrift.I64:
		value, err = in.ReadI64(t.Context())
	case thrift.STRUCT:
		value = readStruct(t, in)
	case thrift.LIST:
		value = readList(t, in)
	default:
		err = fmt.Errorf("a field has the type %d", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func readList(t *testing.T, in thrift.TProtocol) []any {
	t.Helper()
	of, size, err := in.ReadListBegin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := make([]any, size)
	for i := range list {
		list[i] = readValue(t, in, of)
	}
	return list
}
