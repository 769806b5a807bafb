package strictjson_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cloudapi/internal/strictjson"
)

func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]error{
		`"a"`:                  nil,
		`"\ud83d\ude00"`:       nil,
		`"\\ud800"`:            nil,
		`"\u00e9"`:             nil,
		`"\ud800"`:             strictjson.ErrSurrogate,
		`"\ud800x"`:            strictjson.ErrSurrogate,
		`"\ude00\ud83d"`:       strictjson.ErrSurrogate,
		`"\ud800\u0041"`:       strictjson.ErrSurrogate,
		`{"a\udfff":1}`:        strictjson.ErrSurrogate,
		"\"\xff\"":             strictjson.ErrUTF8,
		`{"a":1,"a":1}`:        strictjson.ErrTwice,
		`[{"a":1,"\u0061":1}]`: strictjson.ErrTwice,
		`[1`:                   strictjson.ErrShort,
	} {
		var v any
		if err := strictjson.Unmarshal([]byte(text), &v); !errors.Is(err, want) {
			t.Errorf("Unmarshal(%s) = %v, want %v", text, err, want)
		}
	}
}

func TestWhatFollowsIsRefused(t *testing.T) {
	for _, text := range []string{`1 2`, `{} x`, `{"a":1} {}`, `{"a":1}]`, `{"a" 1}`, `NaN`, `01`, `'a'`} {
		var v any
		if err := strictjson.Unmarshal([]byte(text), &v); err == nil {
			t.Errorf("%s is accepted", text)
		}
		if members, err := strictjson.Members([]byte(text)); err == nil {
			t.Errorf("%s has the members %v", text, members)
		}
	}
}

// TestDigits: a number keeps its digits.
func TestDigits(t *testing.T) {
	const text = `{"a":[1e400,12345678901234567890,0.10,-0,1.0E+2],"b":{"c":9007199254740993},"d":null,"e":"1"}`
	var o strictjson.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(o); err != nil || string(again) != text {
		t.Error(string(again), err)
	}
}

func TestMembers(t *testing.T) {
	for text, want := range map[string]error{
		`{}`:                        nil,
		` {"a": [1, {"b": null}]} `: nil,
		`{"a":1,"A":2}`:             nil,
		`{"a":1,"a":1}`:             strictjson.ErrTwice,
		`{"a":1,"\u0061":1}`:        strictjson.ErrTwice,
		`[{"a":1}]`:                 strictjson.ErrList,
		`"a"`:                       strictjson.ErrNoObject,
		`null`:                      strictjson.ErrNoObject,
		"{\"a\":\"\xff\"}":          strictjson.ErrUTF8,
		`{"\udc00":1}`:              strictjson.ErrSurrogate,
		`{"a":1`:                    strictjson.ErrShort,
		`{"a":"`:                    strictjson.ErrShort,
		` `:                         strictjson.ErrShort,
		``:                          strictjson.ErrShort,
	} {
		if members, err := strictjson.Members([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v, want %v", text, members, err, want)
		}
	}
	members, err := strictjson.Members([]byte(`{"a": 123456789012345678901234567890, "b" : {"c":[ ]}}`))
	if err != nil || string(members["a"]) != "123456789012345678901234567890" || string(members["b"]) != `{"c":[ ]}` {
		t.Error(members, err)
	}
}

// FuzzMembers: the members equal those of encoding/json.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":{"b":[1,{"c":"}\\\""}]},"d" : -1.5e3 , "e":null}`, `{"\u0061":"\\"}`, `[]`, `{"a":1}}`, "{\"a\"\n:\t[ ]\r}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := strictjson.Members(data)
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("%q is accepted: %v", data, err)
		}
		if diff := cmp.Diff(want, members); diff != "" {
			t.Errorf("%q: %s", data, diff)
		}
	})
}
