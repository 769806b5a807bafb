package scalar_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/graph/scalar"
)

func written(c ent.Cursor) string {
	var b bytes.Buffer
	scalar.MarshalCursor(c).MarshalGQL(&b)
	return b.String()
}

// FuzzCursor: any text is a position that is written as it was read, or is
// refused; and every column takes it or refuses it.
func FuzzCursor(f *testing.F) {
	for _, c := range []ent.Cursor{
		{}, {ID: uuid.MustParse("01a208e8-8a35-7622-9085-a605691f8b4f")},
		{ID: uuid.New(), Value: "Ghent"}, {ID: uuid.New(), Value: time.Unix(1, 1000)}, {ID: uuid.New(), Value: []any{1, nil}},
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
		if err := json.Unmarshal([]byte(written(read)), &again); err != nil {
			t.Fatalf("%q is written as %s: %v", text, written(read), err)
		}
		twice, err := scalar.UnmarshalCursor(again)
		if err != nil || twice.ID != read.ID {
			t.Fatalf("%q is read as %v, and then as %v, %v", text, read, twice, err)
		}
		for _, column := range []string{"id", "name_fold", "created_at"} {
			value, fault := ent.CursorValue(&read, column)
			if _, isText := value.(string); fault == nil && isText != (column == "name_fold") {
				t.Errorf("%q is a position of %s with the value %v", text, column, value)
			}
		}
	})
}

// TestCursorValues: a position belongs to the order that it was made in.
func TestCursorValues(t *testing.T) {
	moment := time.Unix(1, 1000)
	for _, c := range []struct {
		value  any
		column string
		want   any
		ok     bool
	}{
		{nil, "id", nil, true}, {"a", "id", nil, false}, {moment, "id", nil, false},
		{"a", "city", "a", true}, {nil, "city", "", true}, {moment, "city", nil, false}, {int64(1), "city", nil, false},
		{moment, "created_at", moment, true}, {nil, "created_at", nil, false}, {"a", "created_at", nil, false},
	} {
		got, fault := ent.CursorValue(&ent.Cursor{Value: c.value}, c.column)
		if diff := cmp.Diff(c.want, got); diff != "" || (fault == nil) != c.ok {
			t.Errorf("%v of %s: %v, %v", c.value, c.column, got, fault)
		}
	}
	for _, e := range ent.Entities() {
		for name, f := range e.Fields {
			if moment := f.Kind == ent.KindTime; moment != strings.HasSuffix(f.Column, "_at") {
				t.Errorf("the column of %s.%s must be called …_at exactly if it has moments", e.Name, name)
			}
		}
	}
}
