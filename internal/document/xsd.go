package document

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// XMLSchema returns an XSD 1.0 that every document of XML[T] is valid against. It is generated from the same table as the
// documents.
func XMLSchema[T any, F form[T]]() string {
	var v T
	t := F(&v).table()
	w := &xsdWriter{used: map[string]field{}}
	w.line(0, `<xs:element name="%s">`, t.name)
	w.complexType(1, t)
	w.line(0, `</xs:element>`)
	body := w.out.String()
	w.out.Reset()
	w.types()
	return `<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" version="1.0">
  <xs:annotation>
    <xs:documentation>A ` + t.name + `. Elements stand in alphabetical order; a field that is not set is left out, a list is always there.</xs:documentation>
  </xs:annotation>

` + body + w.out.String() + "</xs:schema>\n"
}

type xsdWriter struct {
	out  strings.Builder
	used map[string]field // the types in use, by name
}

func (w *xsdWriter) line(depth int, format string, args ...any) {
	fmt.Fprintf(&w.out, strings.Repeat("  ", depth+1)+format+"\n", args...)
}

func (w *xsdWriter) complexType(depth int, t table) {
	w.line(depth, `<xs:complexType>`)
	w.line(depth+1, `<xs:sequence>`)
	for _, f := range t.alphabetical() {
		w.element(depth+2, f)
	}
	w.line(depth+1, `</xs:sequence>`)
	w.line(depth, `</xs:complexType>`)
}

func (w *xsdWriter) element(depth int, f field) {
	_, isList := f.texts()
	switch {
	case f.units() != nil:
		w.line(depth, `<xs:element name="%s" type="%s"/>`, f.name, w.use("capacityunits", f))
	case isList:
		w.line(depth, `<xs:element name="%s">`, f.name)
		w.line(depth+1, `<xs:complexType>`)
		w.line(depth+2, `<xs:sequence>`)
		w.line(depth+3, `<xs:element name="%s" type="%s" minOccurs="0" maxOccurs="unbounded"/>`, f.item, w.typeOf(f))
		w.line(depth+2, `</xs:sequence>`)
		w.line(depth+1, `</xs:complexType>`)
		w.line(depth, `</xs:element>`)
	case f.always:
		w.line(depth, `<xs:element name="%s" type="%s"/>`, f.name, w.typeOf(f))
	default:
		w.line(depth, `<xs:element name="%s" type="%s" minOccurs="0"/>`, f.name, w.typeOf(f))
	}
}

func (w *xsdWriter) use(name string, f field) string {
	w.used[name] = f
	return name
}

func (w *xsdWriter) typeOf(f field) string {
	if f.typ != "" {
		return w.use(f.typ, f)
	}
	switch f.at.(type) {
	case *uuid.UUID, **uuid.UUID, *[]uuid.UUID:
		return w.use("guid", f)
	case *bool:
		return "xs:boolean"
	case *int64:
		return "xs:long"
	}
	return "xs:string"
}

// types writes the types that the elements use.
func (w *xsdWriter) types() {
	if _, ok := w.used["capacityunits"]; ok {
		w.out.WriteString("\n")
		w.line(0, `<xs:complexType name="capacityunits">`)
		w.line(1, `<xs:sequence>`)
		w.line(2, `<xs:element name="capacityunit" minOccurs="0" maxOccurs="unbounded">`)
		w.complexType(3, new(Unit).table())
		w.line(2, `</xs:element>`)
		w.line(1, `</xs:sequence>`)
		w.line(0, `</xs:complexType>`)
	}
	for _, name := range slices.Sorted(maps.Keys(w.used)) {
		if name != "capacityunits" {
			w.namedType(name, w.used[name])
		}
	}
}

const datePattern = `[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) ([01][0-9]|2[0-3]):[0-5][0-9]`

func (w *xsdWriter) namedType(name string, f field) {
	switch name {
	case "guid":
		w.simpleType(name, "string", "Lower case, with hyphens.",
			`<xs:pattern value="[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"/>`)
	case "creationdate":
		w.simpleType(name, "string", "UTC, to the minute: 2010-03-01 12:00.", `<xs:pattern value="`+datePattern+`"/>`)
	case "time":
		w.simpleType(name, "string", "UTC, to the second: 2010-03-01 12:00:00.", `<xs:pattern value="`+datePattern+`:[0-5][0-9]"/>`)
	case "amount":
		w.simpleType(name, "long", "", `<xs:minInclusive value="1"/>`, fmt.Sprintf(`<xs:maxInclusive value="%d"/>`, MaxAmount))
	default:
		values := make([]string, len(f.values))
		for i, value := range f.values {
			values[i] = `<xs:enumeration value="` + value + `"/>`
		}
		w.simpleType(name, "string", meaning(name), values...)
	}
}

func (w *xsdWriter) simpleType(name, base, says string, facets ...string) {
	w.out.WriteString("\n")
	w.line(0, `<xs:simpleType name="%s">`, name)
	if says != "" {
		w.line(1, `<xs:annotation>`)
		w.line(2, `<xs:documentation>%s</xs:documentation>`, says)
		w.line(1, `</xs:annotation>`)
	}
	w.line(1, `<xs:restriction base="xs:%s">`, base)
	for _, facet := range facets {
		w.line(2, "%s", facet)
	}
	w.line(1, `</xs:restriction>`)
	w.line(0, `</xs:simpleType>`)
}

func meaning(typ string) string {
	if typ != "capacityunittype" {
		return ""
	}
	return "CU: CPU, MHz. LV: Linux virtual machines. MU: memory, MB. NBU: network traffic, GB a month. " +
		"NUIPPORTS: public IP addresses. NUM: network bandwidth, Mbit/s. SUA: storage, archive. " +
		"SUP: storage, primary. WV: Windows virtual machines."
}
