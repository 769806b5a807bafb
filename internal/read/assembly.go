package read

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"cloudapi/ent"
)

// row is a customer of a page: where it stands, and its objects.
type row struct {
	cursor  string
	objects [][]byte
}

// assembly puts a connection together.
type assembly struct {
	c        *compiler
	selected []graphql.CollectedField
	nodes    *nodeObjects
	page     *page
	rows     []row
	more     bool
	total    int64
}

func (a *assembly) add(values []driver.Value) error {
	id, err := uuid.ParseBytes(bytesOf(values[0]))
	if err != nil {
		return err
	}
	position := ent.Cursor{ID: id}
	if a.page.order != "" {
		position.Value = values[1]
		if text, ok := values[1].([]byte); ok {
			position.Value = string(text)
		}
	}
	var cursor bytes.Buffer
	position.MarshalGQL(&cursor)
	one := row{cursor: cursor.String()}
	for _, v := range values[2:] {
		one.objects = append(one.objects, compact(nil, bytesOf(v)))
	}
	a.rows = append(a.rows, one)
	return nil
}

// write writes the connection in the order of its selection.
func (a *assembly) write() ([]byte, error) {
	out := []byte("{")
	for i, part := range a.selected {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), part.Alias...), `":`...)
		switch part.Name {
		case "__typename":
			out = append(out, `"CustomerConnection"`...)
		case "totalCount":
			out = strconv.AppendInt(out, a.total, 10)
		case "nodes":
			out = a.list(out, func(out []byte, r row) []byte {
				return append(out, r.objects[a.index(part.Alias)]...)
			})
		case "edges":
			inner := graphql.CollectFields(a.c.oc, part.Selections, []string{"CustomerEdge"})
			out = a.list(out, func(out []byte, r row) []byte { return a.edge(out, part.Alias, inner, r) })
		case "pageInfo":
			out = a.pageInfo(out, graphql.CollectFields(a.c.oc, part.Selections, []string{"PageInfo"}))
		default:
			return nil, errNotCovered
		}
	}
	return append(out, '}'), nil
}

func (a *assembly) index(key string) int { return int(a.nodes.column[key][len("x.o")] - '0') }

func (a *assembly) list(out []byte, write func([]byte, row) []byte) []byte {
	out = append(out, '[')
	for i, r := range a.rows {
		if i > 0 {
			out = append(out, ',')
		}
		out = write(out, r)
	}
	return append(out, ']')
}

func (a *assembly) edge(out []byte, alias string, inner []graphql.CollectedField, r row) []byte {
	return object(out, inner, func(out []byte, f graphql.CollectedField) []byte {
		switch f.Name {
		case "cursor":
			return append(out, r.cursor...)
		case "node":
			return append(out, r.objects[a.index(alias+"."+f.Alias)]...)
		}
		return append(out, `"CustomerEdge"`...)
	})
}

func (a *assembly) pageInfo(out []byte, inner []graphql.CollectedField) []byte {
	return object(out, inner, func(out []byte, f graphql.CollectedField) []byte {
		switch {
		case f.Name == "hasNextPage":
			return strconv.AppendBool(out, a.more)
		case f.Name == "hasPreviousPage":
			return strconv.AppendBool(out, a.page.after != nil)
		case f.Name == "__typename":
			return append(out, `"PageInfo"`...)
		case len(a.rows) == 0:
			return append(out, "null"...)
		case f.Name == "startCursor":
			return append(out, a.rows[0].cursor...)
		default:
			return append(out, a.rows[len(a.rows)-1].cursor...)
		}
	})
}

func object(out []byte, fields []graphql.CollectedField, write func([]byte, graphql.CollectedField) []byte) []byte {
	out = append(out, '{')
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		// A name of GraphQL always encodes, and to itself.
		key, _ := json.Marshal(f.Alias)
		out = write(append(append(out, key...), ':'), f)
	}
	return append(out, '}')
}
