package scalar_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/graph"
	"cloudapi/graph/scalar"
)

func written(c ent.Cursor) string {
	var b bytes.Buffer
	scalar.MarshalCursor(c).MarshalGQL(&b)
	return b.String()
}

func list(column string) ent.List {
	return ent.List{Object: "Query", Field: "customers", Column: column, Direction: "ASC"}
}

// FuzzCursor: a text is either a cursor that encodes to the same text again, or an error; every list accepts or rejects it.
func FuzzCursor(f *testing.F) {
	id := uuid.MustParse("01a208e8-8a35-7622-9085-a605691f8b4f")
	for _, c := range []ent.Cursor{
		{}, {ID: id}, list("id").Cursor(id, nil), list("city").Cursor(id, "Ghent"), list("city").Cursor(id, ""),
		list("created_at").Cursor(id, time.Unix(1, 1000)), list("created_at").Cursor(id, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)),
		list("status,name_fold").Cursor(id, ent.Pair{First: "ACTIVE", Second: "one"}), list("country,created_at").Cursor(id, ent.Pair{Second: time.Unix(1, 1000)}),
	} {
		f.Add(strings.Trim(written(c), `"`))
	}
	for _, text := range []string{"", "x", "gaFpxBA", "3f////8", strings.Repeat("kZGR", 5000)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := scalar.UnmarshalCursor(text)
		if err != nil {
			return
		}
		var again string
		if err := json.Unmarshal([]byte(written(read)), &again); err != nil || again != text {
			t.Fatalf("%q is written as %s: %v", text, written(read), err)
		}
		for _, column := range []string{"id", "name_fold", "created_at"} {
			value, fault := list(column).Value(&read)
			if _, isText := value.(string); fault == nil && isText != (column == "name_fold") {
				t.Errorf("%q is a position of %s with the value %v", text, column, value)
			}
		}
		for _, columns := range []string{"status,name_fold", "status,created_at"} {
			value, fault := list(columns).Value(&read)
			if _, isPair := value.(ent.Pair); fault == nil && (!isPair || len(ent.Values(value)) != 2) {
				t.Errorf("%q is a position of %s with the value %v", text, columns, value)
			}
		}
	})
}

// TestCursorBelongsToItsList: a cursor is valid only for the field and the order that it was made for.
func TestCursorBelongsToItsList(t *testing.T) {
	all := lists(t)
	for _, of := range all {
		value := valueOf(of)
		c, err := scalar.UnmarshalCursor(strings.Trim(written(of.Cursor(uuid.New(), value)), `"`))
		if err != nil {
			t.Fatalf("%v: %v", of, err)
		}
		for _, in := range all {
			got, fault := in.Value(&c)
			if (fault == nil) != (in == of) {
				t.Errorf("a cursor of %v in %v: %v", of, in, fault)
			}
			if fault == nil && !cmp.Equal(got, value) {
				t.Errorf("%v: %v, want %v", of, got, value)
			}
		}
	}
}

// valueOf returns a value of the columns that order a list.
func valueOf(l ent.List) any {
	columns := l.Columns()
	var value any = "a"
	switch {
	case l.Column == "id":
		return nil
	case strings.HasSuffix(l.Column, "_at"):
		value = time.UnixMicro(1).UTC()
	}
	if len(columns) == 2 {
		return ent.Pair{First: "b", Second: value}
	}
	return value
}

// lists returns all lists of the API.
func lists(t *testing.T) []ent.List {
	t.Helper()
	schema := graph.NewSchema(&graph.Resolver{}).Schema()
	entities := map[string]ent.Entity{}
	for _, e := range ent.Entities() {
		entities[e.Name] = e
		for name, f := range e.Fields {
			if moment := f.Kind == ent.KindTime; moment != strings.HasSuffix(f.Column, "_at") {
				t.Errorf("the column of %s.%s must be called …_at exactly if it has moments", e.Name, name)
			}
		}
	}
	var all []ent.List
	for _, typ := range schema.Types {
		if typ.Kind != ast.Object {
			continue
		}
		for _, f := range typ.Fields {
			to, ok := strings.CutSuffix(f.Type.Name(), "Connection")
			if !ok {
				continue
			}
			columns := []string{"id"}
			for _, o := range schema.Types[to+"OrderField"].EnumValues {
				column, err := entities[to].Order(o.Name)
				if err != nil {
					t.Fatal(err)
				}
				for name, field := range entities[to].Fields {
					if slices.Contains(strings.Split(column, ","), field.Column) && field.Nullable {
						t.Errorf("%s orders by %s.%s, which may be null: cursors cannot compare nulls", o.Name, to, name)
					}
				}
				columns = append(columns, column)
			}
			for _, column := range columns {
				for _, d := range []ent.OrderDirection{"ASC", "DESC"} {
					all = append(all, ent.List{Object: typ.Name, Field: f.Name, Column: column, Direction: d})
				}
			}
		}
	}
	if len(all) < 50 {
		t.Errorf("%d lists are too few", len(all))
	}
	return all
}
