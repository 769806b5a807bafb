package fastread

import (
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/internal/document"
)

// form describes the serialized forms of an entity. The fields are written as JSON with the document's names; the JSON is then
// converted to the requested form.
type form struct {
	// fields maps members of the document to fields of schema.graphqls.
	fields [][2]string
	lists  []formList
	// units means that the document has the capacity units of both kinds.
	units bool
	write func(selected []byte, name string) (string, error)
}

// formList is a list with one value of each neighbour, in the order of that value.
type formList struct{ member, edge, field string }

// forms returns the form of each entity with the field `serialized`, except jobs: their documents depend on the visibility of other
// objects.
func forms() map[string]form {
	object := [][2]string{{"GUID", "id"}, {"Version", "version"}, {"CreatedAt", "createdAt"}, {"Name", "name"}, {"Description", "description"}}
	with := func(more ...[2]string) [][2]string { return append(object[:len(object):len(object)], more...) }
	return map[string]form{
		"Customer": {
			fields: with([][2]string{{"Address", "address"}, {"City", "city"}, {"Country", "country"}, {"Status", "status"},
				{"ResourceGroupID", "resourceGroupId"}, {"RetentionPolicyID", "retentionPolicyId"}}...),
			lists: []formList{{"CloudUserGroups", "cloudUserGroups", "id"}, {"Domains", "domains", "name"}}, units: true,
			write: func(selected []byte, name string) (string, error) {
				whole, err := decode[document.Customer](selected)
				return written(err, func() (string, error) { return document.Write(whole, name) })
			},
		},
		"CloudSpace": {
			fields: with([][2]string{{"Status", "status"}, {"ParentID", "parentId"}, {"CustomerID", "customerId"}}...),
			write: func(selected []byte, name string) (string, error) {
				whole, err := decode[document.CloudSpace](selected)
				return written(err, func() (string, error) { return document.Write(whole, name) })
			},
		},
		"CloudUser": {
			fields: with([][2]string{{"Login", "login"}, {"Email", "email"}, {"FirstName", "firstName"}, {"LastName", "lastName"},
				{"Address", "address"}, {"City", "city"}, {"Country", "country"}, {"PhoneMobile", "phoneMobile"},
				{"PhoneLandline", "phoneLandline"}, {"Status", "status"}, {"System", "systemUser"}}...),
			write: func(selected []byte, name string) (string, error) {
				whole, err := decode[document.CloudUser](selected)
				return written(err, func() (string, error) { return document.Write(whole, name) })
			},
		},
		"CloudUserGroup": {
			fields: object,
			lists:  []formList{{"CloudUsers", "users", "id"}, {"CloudUserGroups", "groups", "id"}},
			write: func(selected []byte, name string) (string, error) {
				whole, err := decode[document.CloudUserGroup](selected)
				return written(err, func() (string, error) { return document.Write(whole, name) })
			},
		},
	}
}

func decode[T any](selected []byte) (whole T, err error) {
	err = json.Unmarshal(selected, &whole)
	return whole, err
}

// written returns a document. The ordinary path reports its errors.
func written(err error, write func() (string, error)) (string, error) {
	if err != nil {
		return "", err
	}
	text, err := write()
	if err != nil {
		return "", fmt.Errorf("%w: %w", errNotCovered, err)
	}
	return text, nil
}

// serialized adds the document of the owner's row, as a text.
func (c *compiler) serialized(s *steps, f graphql.CollectedField) error {
	form, ok := forms()[s.owner.entity.Name]
	name, given := f.ArgumentMap(c.oc.Variables)["format"].(string)
	if !ok || !given {
		return errNotCovered
	}
	s.add(step{op: opMark})
	s.text("{")
	for i, field := range form.fields {
		s.text(separator(i) + `"` + field[0] + `":`)
		if err := c.field(s, s.owner.entity.Fields[field[1]]); err != nil {
			return err
		}
	}
	for _, list := range form.lists {
		s.text(`,"` + list.member + `":`)
		if err := c.column(s, s.owner.entity.Edges[list.edge], list.field); err != nil {
			return err
		}
	}
	if form.units {
		s.text(`,"CapacityAvailable":`)
		if err := c.formUnits(s, capacityunit.KindAVAILABLE); err != nil {
			return err
		}
		s.text(`,"CapacityConsumed":`)
		if err := c.formUnits(s, capacityunit.KindCONSUMED); err != nil {
			return err
		}
	}
	s.text("}")
	s.add(step{op: opDocument, write: func(selected []byte) (string, error) { return form.write(selected, name) }})
	return nil
}

// column adds a list with one value of each neighbour.
func (c *compiler) column(s *steps, edge ent.EntityEdge, field string) error {
	to := c.entities[edge.To]
	l := c.level(to, sourceOf(edge))
	s.owner.plain(l.key, ent.KindUUID)
	f := to.Fields[field]
	l.order = []ordering{{column: f.Column, kind: f.Kind}}
	own := &steps{owner: l}
	if err := c.field(own, f); err != nil {
		return err
	}
	l.steps = own.end()
	s.below(step{op: opList, level: l})
	return nil
}

// formUnits adds the capacity units of a kind.
func (c *compiler) formUnits(s *steps, kind capacityunit.Kind) error {
	l := c.unitLevel(s, kind)
	own := &steps{owner: l}
	own.text("{")
	for i, field := range [][2]string{{"GUID", "id"}, {"Version", "version"}, {"Amount", "amount"}, {"Type", "type"}, {"Name", "name"}, {"Description", "description"}} {
		own.text(separator(i) + `"` + field[0] + `":`)
		if err := c.field(own, l.entity.Fields[field[1]]); err != nil {
			return err
		}
	}
	own.text("}")
	l.steps = own.end()
	s.below(step{op: opList, level: l})
	return nil
}

// document replaces the input of a document by the document.
func (w *writer) document(s *step) error {
	last := len(w.marks) - 1
	from := w.marks[last]
	w.marks = w.marks[:last]
	text, err := s.write(w.out[from:])
	if err == nil {
		w.out = appendText(w.out[:from], text)
	}
	return err
}
