package xmlrpc

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"cloudapi/internal/fault"
)

// The limits of a call, in addition to that of its body. All methods need much less.
const (
	maxDepth  = 32
	maxValues = 10_000
	maxText   = 1 << 20 // bytes
)

// decoder parses a call. It supports no entities except XML's five.
type decoder struct {
	xml    *xml.Decoder
	values int
}

func newDecoder(r io.Reader) *decoder { return &decoder{xml: xml.NewDecoder(r)} }

func (d *decoder) wrong(format string, args ...any) error {
	line, _ := d.xml.InputPos()
	return fault.New(fault.Invalid, "The body is not an XML-RPC call: line %d: "+format, append([]any{line}, args...)...)
}

// tag is the start or the end of an element, with the text before it.
type tag struct {
	text, name string
	end        bool
}

// next reads up to the next tag.
func (d *decoder) next() (tag, error) {
	var text []byte
	for {
		token, err := d.xml.Token()
		if err != nil {
			return tag{}, d.broken(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			return tag{string(text), t.Name.Local, false}, nil
		case xml.EndElement:
			return tag{string(text), t.Name.Local, true}, nil
		case xml.CharData:
			if text = append(text, t...); len(text) > maxText {
				return tag{}, d.wrong("a text is longer than %d bytes", maxText)
			}
		case xml.Directive:
			return tag{}, d.wrong("a document type is not allowed")
		case xml.ProcInst:
			if t.Target != "xml" {
				return tag{}, d.wrong("a processing instruction is not allowed")
			}
		}
	}
}

// broken returns the fault for invalid XML. It returns errors of the connection unchanged.
func (d *decoder) broken(err error) error {
	if errors.Is(err, io.EOF) {
		return d.wrong("it ends too early")
	}
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		text := []rune(syntax.Msg)
		return d.wrong("%s", string(text[:min(len(text), 100)]))
	}
	if strings.HasPrefix(err.Error(), "xml: ") {
		return d.wrong("it must be XML 1.0 in UTF-8")
	}
	return err
}

// expect reads the start or the end of a given element.
func (d *decoder) expect(name string, end bool) error {
	t, err := d.next()
	switch {
	case err != nil:
		return err
	case t.name != name || t.end != end || strings.TrimSpace(t.text) != "":
		return d.unexpected("<"+name+">", end)
	}
	return nil
}

func (d *decoder) unexpected(what string, end bool) error {
	if end {
		what = "the end of " + what
	}
	return d.wrong("%s is expected", what)
}

// more reads the start of another element within outer, or the end of outer.
func (d *decoder) more(name, outer string) (bool, error) {
	t, err := d.next()
	switch {
	case err != nil:
		return false, err
	case strings.TrimSpace(t.text) != "" || t.name != name && !t.end:
		return false, d.unexpected("<"+name+"> or the end of <"+outer+">", false)
	}
	return !t.end, nil
}

// text reads the text and the end of an element that has begun.
func (d *decoder) text(name string) (string, error) {
	t, err := d.next()
	if err == nil && !t.end {
		err = d.unexpected("<"+name+">", true)
	}
	return t.text, err
}

// method reads a call up to the end of the method name.
func (d *decoder) method() (string, error) {
	for _, name := range []string{"methodCall", "methodName"} {
		if err := d.expect(name, false); err != nil {
			return "", err
		}
	}
	name, err := d.text("methodName")
	return strings.TrimSpace(name), err
}

// params reads the rest of the body after the method name.
func (d *decoder) params() ([]any, error) {
	var values []any
	given, err := d.more("params", "methodCall")
	if err != nil {
		return nil, err
	}
	if given {
		for {
			more, err := d.more("param", "params")
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
			v, err := d.wrapped("param")
			if err != nil {
				return nil, err
			}
			values = append(values, v)
		}
		if err := d.expect("methodCall", true); err != nil {
			return nil, err
		}
	}
	return values, d.nothingElse()
}

// nothingElse reads to the end of the body, which must be empty.
func (d *decoder) nothingElse() error {
	for {
		token, err := d.xml.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return d.broken(err)
		}
		switch t := token.(type) {
		case xml.Comment:
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return d.wrong("something follows the call")
			}
		default:
			return d.wrong("something follows the call")
		}
	}
}

// wrapped reads the value and the end of an element that has begun.
func (d *decoder) wrapped(name string) (any, error) {
	if err := d.expect("value", false); err != nil {
		return nil, err
	}
	v, err := d.value(1)
	if err != nil {
		return nil, err
	}
	return v, d.expect(name, true)
}

// value reads the content and the end of a value element. A value without a type is text.
func (d *decoder) value(depth int) (any, error) {
	if d.values++; d.values > maxValues {
		return nil, d.wrong("it has more than %d values", maxValues)
	}
	if depth > maxDepth {
		return nil, d.wrong("values are nested more than %d deep", maxDepth)
	}
	t, err := d.next()
	switch {
	case err != nil:
		return nil, err
	case t.end:
		return t.text, nil
	case strings.TrimSpace(t.text) != "":
		return nil, d.unexpected("<value>", true)
	}
	v, err := d.typed(t.name, depth)
	if err != nil {
		return nil, err
	}
	return v, d.expect("value", true)
}

// typed reads an element that gives a value its type, with its end.
func (d *decoder) typed(name string, depth int) (any, error) {
	switch name {
	case "array":
		return d.array(depth)
	case "struct":
		return d.structure(depth)
	}
	text, err := d.text(name)
	if err != nil {
		return nil, err
	}
	v, ok := scalar(name, text)
	if !ok {
		return nil, d.wrong("a value does not match its type; types are string, int, i4, i8, boolean, double, base64, dateTime.iso8601, array, struct and nil")
	}
	return v, nil
}

func (d *decoder) array(depth int) (any, error) {
	if err := d.expect("data", false); err != nil {
		return nil, err
	}
	values := []any{}
	for {
		more, err := d.more("value", "data")
		if err != nil {
			return nil, err
		}
		if !more {
			return values, d.expect("array", true)
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
}

func (d *decoder) structure(depth int) (any, error) {
	members := map[string]any{}
	for {
		more, err := d.more("member", "struct")
		if err != nil || !more {
			return members, err
		}
		if err := d.expect("name", false); err != nil {
			return nil, err
		}
		name, err := d.text("name")
		if err == nil {
			err = d.expect("value", false)
		}
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice {
			return nil, d.wrong("a struct has a member twice")
		}
		if members[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
		if err := d.expect("member", true); err != nil {
			return nil, err
		}
	}
}
