package document

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/secret"
)

// table describes an object for all forms. Each type has its own (tables.go); the writers and readers of every form, and the
// XSD, use it.
type table struct {
	name   string  // of the Thrift struct and the XML element
	fields []field // by ascending ids
}

// Form is an object with the serialized forms of the old API.
type Form interface{ table() table }

// form constrains type parameters to the types that have a table.
type form[T any] interface {
	*T
	Form
}

// field is one field of an object.
type field struct {
	id   int16 // in the Thrift form
	name string
	// at points into the object. Its type is the type of the field: *string, *uuid.UUID, **uuid.UUID, *time.Time, *int64,
	// *bool, *secret.Text, *[]string, *[]uuid.UUID or *[]Unit.
	at any
	// layout is the layout of a time.
	layout string
	// values are the values of an enumeration; typ is its name in the XSD.
	values []string
	typ    string
	// item is the name of a list's elements in XML.
	item string
	// always means that XML has the field even if it is empty.
	always bool
	// sparse means that YAML has the list only if it is not empty.
	sparse bool
	// thriftOnly excludes the field from YAML and XML.
	thriftOnly bool
	// readOnly excludes the field from everything that is written: fields of the old server that an import reads.
	readOnly bool
}

// The layouts of times, in UTC.
const (
	toMinute = "2006-01-02 15:04"
	toSecond = "2006-01-02 15:04:05"
)

// text returns a scalar as all forms write it, "" if it is unset.
func (f field) text() string {
	switch at := f.at.(type) {
	case *string:
		return valid(*at)
	case *uuid.UUID:
		if *at != uuid.Nil {
			return at.String()
		}
	case **uuid.UUID:
		return guid(*at)
	case *time.Time:
		if !at.IsZero() {
			return at.UTC().Format(f.layout)
		}
	case *int64:
		if *at != 0 {
			return strconv.FormatInt(*at, 10)
		}
	case *bool:
		if *at {
			return "true"
		}
	}
	return ""
}

// set is the inverse of text. An empty text sets nothing.
func (f field) set(text string) (err error) {
	if text == "" {
		return nil
	}
	switch at := f.at.(type) {
	case *string:
		*at = valid(text)
	case *secret.Text:
		*at = secret.New(text)
	case *uuid.UUID:
		*at, err = uuid.Parse(text)
	case **uuid.UUID:
		var id uuid.UUID
		if id, err = uuid.Parse(text); err == nil {
			*at = &id
		}
	case *time.Time:
		*at, err = parseTime(text)
	case *int64:
		*at, err = strconv.ParseInt(text, 10, 64)
	case *bool:
		*at, err = strconv.ParseBool(text)
	default:
		err = errNotScalar
	}
	if err != nil {
		return fmt.Errorf("%s is not valid", f.name)
	}
	return nil
}

// parseTime parses a time to the minute or to the second, in UTC.
func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(toSecond, text)
	if err != nil {
		at, err = time.Parse(toMinute, text)
	}
	return at, err
}

// texts returns the items of a list of scalars, and false for another type.
func (f field) texts() ([]string, bool) {
	switch at := f.at.(type) {
	case *[]string:
		all := make([]string, len(*at))
		for i, text := range *at {
			all[i] = valid(text)
		}
		return all, true
	case *[]uuid.UUID:
		return guids(*at), true
	}
	return nil, false
}

// add is the inverse of texts, for one item.
func (f field) add(text string) error {
	switch at := f.at.(type) {
	case *[]string:
		*at = append(*at, valid(text))
		return nil
	case *[]uuid.UUID:
		id, err := uuid.Parse(text)
		if err == nil {
			*at = append(*at, id)
			return nil
		}
	}
	return fmt.Errorf("%s has an item that is not valid", f.name)
}

// units returns the list of capacity units of the field, nil for another type.
func (f field) units() *[]Unit {
	units, _ := f.at.(*[]Unit)
	return units
}

// alphabetical returns the fields of YAML and XML in the order of their names.
func (t table) alphabetical() []field {
	shown := slices.DeleteFunc(slices.Clone(t.fields), func(f field) bool { return f.readOnly || f.thriftOnly })
	slices.SortFunc(shown, func(a, b field) int { return compare(a.name, b.name) })
	return shown
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// byName returns the field with a name, nil for none.
func (t table) byName(name string) *field {
	for i := range t.fields {
		if t.fields[i].name == name {
			return &t.fields[i]
		}
	}
	return nil
}

// The names of the forms.
const (
	FormThrift = "THRIFT"
	FormYAML   = "YAML"
	FormXML    = "XML"
)

// Write returns the object in the form with the given name.
func Write[T any, F form[T]](v T, name string) (string, error) {
	switch name {
	case FormThrift:
		return Thrift[T, F](v)
	case FormXML:
		return XML[T, F](v)
	case FormYAML:
		return YAML[T, F](v), nil
	}
	return "", fmt.Errorf("there is no form %q", name)
}
