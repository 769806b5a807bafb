package document

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// XML returns the object as an XML 1.0 document that is valid against XMLSchema, whatever its texts contain. A carriage
// return, which a parser would change to a line feed, becomes a character reference. A character that XML cannot represent
// (a control character, U+FFFE, U+FFFF, an invalid byte) becomes U+FFFD. Elements are in alphabetical order. Unset fields
// are omitted, lists are always present.
//
// It fails if a field other than a text has an invalid value.
func XML[T any, F form[T]](v T) (string, error) {
	t := F(&v).table()
	if err := t.check(); err != nil {
		return "", fmt.Errorf("write %s as XML: %w", t.name, err)
	}
	var out strings.Builder
	out.WriteString(xml.Header)
	w := &xmlWriter{out: xml.NewEncoder(&out)}
	w.out.Indent("", "  ")
	w.object(t)
	w.do(w.out.Close())
	if w.err != nil {
		return "", fmt.Errorf("write %s as XML: %w", t.name, w.err)
	}
	out.WriteByte('\n')
	return out.String(), nil
}

// check rejects values that the schema excludes and the Go types do not.
func (f field) check() error {
	switch at := f.at.(type) {
	case *time.Time:
		if year := at.UTC().Year(); year < 0 || year > 9999 {
			return fmt.Errorf("%s: year %d has not four digits", f.name, year)
		}
	case *int64:
		if f.always && (*at < 1 || *at > MaxAmount) {
			return fmt.Errorf("%s is %d", f.name, *at)
		}
	case *string:
		if !f.inEnumeration() {
			return fmt.Errorf("unknown %s %q", f.name, *at)
		}
	}
	return nil
}

type xmlWriter struct {
	out *xml.Encoder
	err error
}

func (w *xmlWriter) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func start(name string) xml.StartElement { return xml.StartElement{Name: xml.Name{Local: name}} }

func (w *xmlWriter) element(name string, inner func()) {
	w.do(w.out.EncodeToken(start(name)))
	inner()
	w.do(w.out.EncodeToken(start(name).End()))
}

func (w *xmlWriter) text(name, text string) { w.do(w.out.EncodeElement(text, start(name))) }

func (w *xmlWriter) object(t table) {
	w.element(t.name, func() {
		for _, f := range t.alphabetical() {
			w.field(f)
		}
	})
}

func (w *xmlWriter) field(f field) {
	if units := f.units(); units != nil {
		w.element(f.name, func() {
			for i := range *units {
				w.object((*units)[i].table())
			}
		})
		return
	}
	if texts, ok := f.texts(); ok {
		w.element(f.name, func() {
			for _, text := range texts {
				w.text(f.item, text)
			}
		})
		return
	}
	if text := f.text(); text != "" || f.always {
		w.text(f.name, text)
	}
}
