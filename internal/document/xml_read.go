package document

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// element is a parsed XML element.
type element struct {
	name     string
	text     string
	children []*element
}

// The maximum depth of a document: a unit's field below its list below the object.
const maxDepth = 8

// ReadXML reads an object from the text of getXML. It skips unknown elements. It rejects a document type declaration, so
// that no entity can be defined.
func ReadXML[T any, F form[T]](text string) (T, error) {
	var v T
	t := F(&v).table()
	root, err := parseXML(text)
	if err == nil && root.name != t.name {
		err = fmt.Errorf("the root element is %.80q", root.name)
	}
	if err == nil {
		err = readElement(t, root)
	}
	if err != nil {
		return v, fmt.Errorf("read %s as XML: %w", t.name, err)
	}
	return v, nil
}

func parseXML(text string) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	open := []*element{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.Directive:
			return nil, errors.New("a document type declaration is not allowed")
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil, errShape
			}
			e := &element{name: token.Name.Local}
			last.children = append(last.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
	if len(open[0].children) != 1 {
		return nil, errShape
	}
	return open[0].children[0], nil
}

func readElement(t table, e *element) error {
	for _, child := range e.children {
		f := t.byName(child.name)
		if f == nil || f.thriftOnly {
			continue
		}
		if err := readChild(*f, child); err != nil {
			return err
		}
	}
	return nil
}

func readChild(f field, e *element) error {
	_, isList := f.texts()
	if !isList && f.units() == nil {
		return f.set(e.text)
	}
	for _, item := range e.children {
		if units := f.units(); units != nil {
			var u Unit
			if err := readElement(u.table(), item); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			*units = append(*units, u)
		} else if err := f.add(item.text); err != nil {
			return err
		}
	}
	return nil
}
