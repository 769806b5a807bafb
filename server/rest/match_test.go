package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
)

// values are values from earlier answers.
type values map[string]string

var (
	placeholder = regexp.MustCompile(`\$\{(\w*)(?:=([^}]+))?\}`)
	kinds       = map[string]string{
		"guid": `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
		"time": `\d{4}-\d\d-\d\d \d\d:\d\d`,
		"any":  `(?s:.*?)`,
	}
)

// fill replaces ${name} by its value, and ${name=x*3} by xxx.
func (v values) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		if unit, times, ok := strings.Cut(m[2], "*"); ok {
			var n int
			if _, err := fmt.Sscan(times, &n); err == nil {
				return strings.Repeat(unit, n)
			}
		}
		switch m[2] {
		case "upper":
			return strings.ToUpper(v[m[1]])
		case "bare":
			return strings.ReplaceAll(v[m[1]], "-", "")
		}
		return v[m[1]]
	})
}

// match compares got with a text in which ${name=kind} stands for a new value of a kind, ${=kind} for one that is not
// stored, and ${name} for a stored one.
func (v values) match(want, got string) error {
	var pattern strings.Builder
	var names []string
	rest := want
	for {
		at := placeholder.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		kind, captures := "", false
		if at[4] >= 0 {
			kind, captures = kinds[rest[at[4]:at[5]]]
		}
		if captures {
			names = append(names, rest[at[2]:at[3]])
			pattern.WriteString("(" + kind + ")")
		} else {
			pattern.WriteString(regexp.QuoteMeta(v.fill(rest[at[0]:at[1]])))
		}
		rest = rest[at[1]:]
	}
	expression := "^" + pattern.String() + regexp.QuoteMeta(rest) + "$"
	found := regexp.MustCompile(expression).FindStringSubmatch(got)
	if found == nil {
		return fmt.Errorf("got  %q\nwant %q", got, v.known(want))
	}
	for i, name := range names {
		if name != "" {
			v[name] = found[i+1]
		}
	}
	return nil
}

// known inserts the stored values and keeps the other placeholders.
func (v values) known(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if value, ok := v[strings.Trim(p, "${}")]; ok {
			return value
		}
		return p
	})
}

// result returns the result of a successful answer, a text.
func result(got *httptest.ResponseRecorder) (string, error) {
	var answer struct {
		JobGUID *string `json:"jobguid"`
		Result  string  `json:"result"`
	}
	if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil || got.Code != 200 {
		return "", fmt.Errorf("status %d, %w: %s", got.Code, err, got.Body)
	}
	return answer.Result, nil
}

// checkResult compares a result that is a text of several lines.
func checkResult(got *httptest.ResponseRecorder, want string, known values) error {
	text, err := result(got)
	if err != nil {
		return err
	}
	return known.match(want, strings.TrimSuffix(text, "\n"))
}

// checkThrift decodes a result with Apache's library, one line for each field.
func checkThrift(got *httptest.ResponseRecorder, want string, known values) error {
	text, err := result(got)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		if len(line) > 77 || !strings.HasSuffix(line, "\n") {
			return fmt.Errorf("the line %q is not one of up to 76 columns", line)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	buffer := thrift.NewTMemoryBufferLen(len(raw))
	if _, err := buffer.Write(raw); err != nil {
		return err
	}
	d := &thriftDump{ctx: context.Background(), in: thrift.NewTBinaryProtocolConf(buffer, nil)}
	if err := d.fields(""); err != nil {
		return err
	}
	if buffer.Len() > 0 {
		return fmt.Errorf("%d bytes follow the struct", buffer.Len())
	}
	return known.match(want, strings.TrimSuffix(d.out.String(), "\n"))
}

// thriftDump writes each field as "id type value"; the content of a list is indented.
type thriftDump struct {
	ctx context.Context
	in  thrift.TProtocol
	out strings.Builder
}

func (d *thriftDump) fields(indent string) error {
	if _, err := d.in.ReadStructBegin(d.ctx); err != nil {
		return err
	}
	for {
		_, kind, id, err := d.in.ReadFieldBegin(d.ctx)
		if err != nil || kind == thrift.STOP {
			return err
		}
		fmt.Fprintf(&d.out, "%s%d %d ", indent, id, kind)
		if err := d.value(kind, indent+"  "); err != nil {
			return err
		}
	}
}

func (d *thriftDump) value(kind thrift.TType, indent string) error {
	switch kind {
	case thrift.STRING:
		s, err := d.in.ReadString(d.ctx)
		fmt.Fprintf(&d.out, "%s\n", s)
		return err
	case thrift.I64:
		n, err := d.in.ReadI64(d.ctx)
		fmt.Fprintf(&d.out, "%d\n", n)
		return err
	case thrift.BOOL:
		b, err := d.in.ReadBool(d.ctx)
		fmt.Fprintf(&d.out, "%t\n", b)
		return err
	case thrift.STRUCT:
		d.out.WriteString("struct\n")
		return d.fields(indent)
	case thrift.LIST:
		return d.list(indent)
	default:
		return fmt.Errorf("a field of type %d", kind)
	}
}

func (d *thriftDump) list(indent string) error {
	kind, size, err := d.in.ReadListBegin(d.ctx)
	fmt.Fprintf(&d.out, "list of %d\n", kind)
	for range size {
		if err != nil {
			return err
		}
		d.out.WriteString(indent)
		err = d.value(kind, indent+"  ")
	}
	return err
}
