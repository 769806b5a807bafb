package document

import (
	"strings"
)

// YAML returns the object in the old block style: keys in alphabetical order, list items not indented under their key, unset
// fields omitted, one line for each scalar (CONTRACT.md, 2).
//
// The lists of the old format are always present, "[]" if empty. The list `domains` is new, and the contract's example,
// which must match exactly, does not have it: so it is present only if it is not empty.
func YAML[T any, F form[T]](v T) string {
	var w yamlWriter
	w.object(F(&v).table(), "", "")
	return w.out.String()
}

// yamlWriter is used instead of a YAML library because none both writes list items at the column of their key and limits the
// output to ASCII.
type yamlWriter struct{ out strings.Builder }

// object writes the fields; first is the prefix of the first line, then that of the others.
func (w *yamlWriter) object(t table, first, then string) {
	before := first
	for _, f := range t.alphabetical() {
		if w.field(f, before) {
			before = then
		}
	}
}

// field writes a field, and reports whether it is set.
func (w *yamlWriter) field(f field, before string) bool {
	if units := f.units(); units != nil {
		w.key(f, before, len(*units))
		for i := range *units {
			w.object((*units)[i].table(), "- ", "  ")
		}
		return true
	}
	if texts, ok := f.texts(); ok {
		if len(texts) == 0 && f.sparse {
			return false
		}
		w.key(f, before, len(texts))
		for _, text := range texts {
			w.out.WriteString("- " + yamlScalar(text) + "\n")
		}
		return true
	}
	text := f.text()
	if text == "" {
		return false
	}
	switch f.at.(type) {
	case *int64, *bool:
	default:
		text = yamlScalar(text)
	}
	w.out.WriteString(before + f.name + ": " + text + "\n")
	return true
}

func (w *yamlWriter) key(f field, before string, items int) {
	w.out.WriteString(before + f.name + ":")
	if items == 0 {
		w.out.WriteString(" []")
	}
	w.out.WriteString("\n")
}
