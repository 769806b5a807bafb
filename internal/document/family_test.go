package document_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"cloudapi/internal/document"
	"cloudapi/internal/secret"
)

func id(n byte) uuid.UUID { return uuid.UUID{15: n, 6: 0x40, 8: 0x80} }

func pointer(n byte) *uuid.UUID {
	of := id(n)
	return &of
}

func day() time.Time { return time.Date(2010, 3, 1, 12, 0, 0, 0, time.UTC) }

// The objects with every field, and with a text that must be escaped.
func user(text string) document.CloudUser {
	return document.CloudUser{
		GUID: id(1), Version: id(2), CreatedAt: day(), Login: "ada" + text, Email: text, Name: text, FirstName: text,
		LastName: text, Description: text, Address: text, City: text, Country: text, PhoneMobile: text, PhoneLandline: text,
		Status: "CREATED", System: true,
	}
}

func group(text string) document.CloudUserGroup {
	return document.CloudUserGroup{
		GUID: id(1), Version: id(2), CreatedAt: day(), Name: text, Description: text,
		CloudUsers: []uuid.UUID{id(3), id(4)}, CloudUserGroups: []uuid.UUID{id(5)}, System: true,
	}
}

func space(text string) document.CloudSpace {
	return document.CloudSpace{
		GUID: id(1), Version: id(2), CreatedAt: day(), Name: text, Description: text, Status: "DISABLED",
		ParentID: pointer(3), CustomerID: id(4), System: true,
	}
}

func job(text string) document.Job {
	return document.Job{
		GUID: id(1), Version: id(2), CreatedAt: day(), Name: text, Description: text, ActionName: "customer.create",
		UserErrorMessage: text, InternalErrorMessage: text, MaxDuration: 30, ParentID: pointer(2), Status: "DONE",
		StartedAt: day().Add(time.Second), EndedAt: day().Add(time.Minute), CloudUserID: pointer(3), Order: 7, Log: text,
		RootObjectType: "customer", RootObjectID: pointer(4), Parameters: `{"name":"x"}`, System: true,
	}
}

// family calls check with each type.
func family(text string, check func(name string, forms forms)) {
	check("customer", formsOf(withText(text)))
	check("clouduser", formsOf(user(text)))
	check("cloudusergroup", formsOf(group(text)))
	check("cloudspace", formsOf(space(text)))
	check("job", formsOf(job(text)))
}

// forms is an object in all forms, and as read back from each.
type forms struct {
	value, fromThrift, fromYAML, fromXML any
	thrift, yaml, xml, schema            string
	err                                  error
}

func formsOf[T any, F interface {
	*T
	document.Form
}](v T) (f forms) {
	step := func(err error) {
		if err != nil && f.err == nil {
			f.err = err
		}
	}
	var err error
	f.value, f.schema, f.yaml = v, document.XMLSchema[T, F](), document.YAML[T, F](v)
	f.thrift, err = document.Thrift[T, F](v)
	step(err)
	f.xml, err = document.XML[T, F](v)
	step(err)
	f.fromThrift, err = document.ReadThrift[T, F](f.thrift)
	step(err)
	f.fromYAML, err = document.ReadYAML[T, F](f.yaml)
	step(err)
	f.fromXML, err = document.ReadXML[T, F](f.xml)
	step(err)
	return f
}

// TestFamilyComesBack writes each type in each form and reads it back.
func TestFamilyComesBack(t *testing.T) {
	for _, text := range []string{"", "plain", "no", "Zoë: 🚀\r\n#1", "- a"} {
		family(text, func(name string, f forms) {
			if f.err != nil {
				t.Fatalf("%s: %v", name, f.err)
			}
			same(t, name, f, cmpopts.EquateEmpty())
		})
	}
}

// same compares what was read from each form with what was written. YAML and XML do not have the versions of units.
func same(t *testing.T, name string, f forms, o cmp.Option) {
	t.Helper()
	secrets := cmp.Comparer(func(a, b secret.Text) bool { return a.Reveal() == b.Reveal() })
	times := cmp.Comparer(func(a, b time.Time) bool { return a.Truncate(time.Minute).Equal(b.Truncate(time.Minute)) })
	unversioned := cmpopts.IgnoreFields(document.Unit{}, "Version")
	if diff := cmp.Diff(f.value, f.fromThrift, o, secrets, times); diff != "" {
		t.Errorf("%s from thrift (-want +got)\n%s", name, diff)
	}
	if diff := cmp.Diff(f.value, f.fromYAML, o, secrets, times, unversioned); diff != "" {
		t.Errorf("%s from YAML (-want +got)\n%s\n%s", name, diff, f.yaml)
	}
	if diff := cmp.Diff(f.value, f.fromXML, o, secrets, times, unversioned); diff != "" {
		t.Errorf("%s from XML (-want +got)\n%s\n%s", name, diff, f.xml)
	}
}

// TestFamilyXMLIsValid validates the XML of each type against its XSD with xmllint.
func TestFamilyXMLIsValid(t *testing.T) {
	for _, text := range []string{"", "a\x00b\r\n<&>", "🚀"} {
		family(text, func(name string, f forms) {
			path := filepath.Join(t.TempDir(), name+".xsd")
			if err := os.WriteFile(path, []byte(f.schema), 0o600); err != nil {
				t.Fatal(err)
			}
			lint := exec.Command("xmllint", "--noout", "--nonet", "--schema", path, "-")
			lint.Stdin = strings.NewReader(f.xml)
			if out, err := lint.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", name, err, out, f.xml)
			}
		})
	}
}

// TestFamilyThriftIDs compares the ids with the table of OLD-FAMILY.md, section 2.
func TestFamilyThriftIDs(t *testing.T) {
	want := map[string][]int16{
		"clouduser":      {1, 2, 3, 11, 12, 13, 14, 15, 17, 18, 19, 20, 24, 25, 26, 27},
		"cloudusergroup": {1, 2, 3, 11, 12, 13, 14, 15},
		"cloudspace":     {1, 2, 3, 11, 12, 13, 14, 15, 16},
		"job":            {1, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27, 28},
	}
	family("text", func(name string, f forms) {
		if want[name] == nil {
			return
		}
		got := fieldsOf(t, f.thrift)
		for _, n := range want[name] {
			if _, ok := got[n]; !ok {
				t.Errorf("%s lacks field %d", name, n)
			}
			delete(got, n)
		}
		if len(got) > 0 {
			t.Errorf("%s has the fields %v too", name, got)
		}
	})
}

func fieldsOf(t *testing.T, text string) map[int16]string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(text, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	buffer := thrift.NewTMemoryBuffer()
	buffer.Write(raw)
	in := thrift.NewTBinaryProtocolConf(buffer, nil)
	fields := map[int16]string{}
	for {
		_, kind, id, err := in.ReadFieldBegin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if kind == thrift.STOP {
			return fields
		}
		fields[id] = fmt.Sprint(kind)
		if err := in.Skip(t.Context(), kind); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReadOldFields reads fields that only the old server wrote: a password, a domain with its portal account, and unused
// fields.
func TestReadOldFields(t *testing.T) {
	user, err := document.ReadThrift[document.CloudUser](oldStruct(t, map[int16]string{
		1: id(1).String(), 15: "ada", 16: "old secret", 20: "CONFIGURED", 21: "certificate", 22: "checksum", 23: "key",
	}))
	if err != nil || user.Password.Reveal() != "old secret" || user.Login != "ada" {
		t.Errorf("%+v: %v", user, err)
	}
	if text, err := document.Thrift(user); err != nil || fieldsOf(t, text)[16] != "" {
		t.Errorf("the password is written: %v", err)
	}
	customer, err := document.ReadThrift[document.Customer](oldStruct(t, map[int16]string{
		1: id(1).String(), 11: "Customer1", 21: "52:54", 22: "example.com", 23: "portal", 25: "portal secret", 26: id(3).String(),
	}))
	if err != nil || customer.SSODomain != "example.com" || customer.SSOUsername != "portal" || *customer.RetentionPolicyID != id(3) {
		t.Errorf("%+v: %v", customer, err)
	}
	if strings.Contains(fmt.Sprintf("%+v", customer), "portal secret") {
		t.Error("the portal's password was kept")
	}
}

// oldStruct returns a struct of texts, with two booleans and a list at ids that no type has.
func oldStruct(t *testing.T, texts map[int16]string) string {
	t.Helper()
	buffer := thrift.NewTMemoryBuffer()
	out, ctx := thrift.NewTBinaryProtocolConf(buffer, nil), t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n, text := range texts {
		must(out.WriteFieldBegin(ctx, "", thrift.STRING, n))
		must(out.WriteString(ctx, text))
	}
	must(out.WriteFieldBegin(ctx, "", thrift.BOOL, 90))
	must(out.WriteBool(ctx, true))
	must(out.WriteFieldBegin(ctx, "", thrift.LIST, 91))
	must(out.WriteListBegin(ctx, thrift.STRING, 1))
	must(out.WriteString(ctx, "x"))
	must(out.WriteFieldStop(ctx))
	return base64.StdEncoding.EncodeToString(buffer.Bytes())
}

// FuzzRead reads any input: the result is an error or an object, never a panic, and the memory is proportional to the text.
func FuzzRead(f *testing.F) {
	family("text", func(_ string, made forms) {
		f.Add(made.thrift)
		f.Add(made.yaml)
		f.Add(made.xml)
	})
	f.Add(base64.StdEncoding.EncodeToString([]byte{15, 0, 20, 11, 0x7f, 0xff, 0xff, 0xff}))
	f.Add(base64.StdEncoding.EncodeToString([]byte{11, 0, 11, 0x7f, 0xff, 0xff, 0xff}))
	f.Add("<!DOCTYPE x [<!ENTITY a \"b\">]><customer>&a;</customer>")
	f.Add("a: &a [x]\ncloudusergroups: *a\n")
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = document.ReadThrift[document.Customer](text)
		_, _ = document.ReadThrift[document.Job](text)
		_, _ = document.ReadYAML[document.Customer](text)
		_, _ = document.ReadXML[document.CloudUserGroup](text)
	})
}
