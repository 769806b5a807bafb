package document

import "github.com/google/uuid"

// FormField is a field of an object's forms.
type FormField struct {
	// ID and Type are those of the Thrift form.
	ID   int
	Type string
	Name string
	// Always says that XML always has the field; Values are its possible values.
	Always     bool
	ThriftOnly bool
	Values     []string
}

// Fields returns the fields that the writers write, by type of object.
func Fields() map[string][]FormField {
	all := map[string][]FormField{}
	for _, t := range []table{
		(&Customer{}).table(), (&Unit{}).table(), (&CloudUser{}).table(),
		(&CloudUserGroup{}).table(), (&CloudSpace{}).table(), (&Job{}).table(),
	} {
		for _, f := range t.fields {
			if !f.readOnly {
				all[t.name] = append(all[t.name], FormField{
					ID: int(f.id), Type: f.thriftType(), Name: f.name, Always: f.always, ThriftOnly: f.thriftOnly, Values: f.values,
				})
			}
		}
	}
	return all
}

func (f field) thriftType() string {
	switch f.at.(type) {
	case *int64, **int64:
		return "i64 (10)"
	case *bool, **bool:
		return "bool (2)"
	case *[]string, *[]uuid.UUID:
		return "list (15) of string (11)"
	case *[]Unit:
		return "list (15) of struct (12)"
	}
	return "string (11)"
}
