package jsontext_test

import (
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cloudapi/internal/jsontext"
)

func TestUnmarshal(t *testing.T) {
	for text, want := range map[string]error{
		`"a"`:            nil,
		`"\ud83d\ude00"`: nil,
		`"\\ud800"`:      nil,
		`"\u00e9"`:       nil,
		`"\ud800"`:       jsontext.ErrSurrogate,
		`"\ud800x"`:      jsontext.ErrSurrogate,
		`"\ude00\ud83d"`: jsontext.ErrSurrogate,
		`"\ud800\u0041"`: jsontext.ErrSurrogate,
		`{"a\udfff":1}`:  jsontext.ErrSurrogate,
		"\"\xff\"":       jsontext.ErrUTF8,
		`1 2`:            jsontext.ErrTrailing,
		`{} x`:           jsontext.ErrTrailing,
	} {
		var v any
		if err := jsontext.Unmarshal([]byte(text), &v); !errors.Is(err, want) {
			t.Errorf("Unmarshal(%s) = %v, want %v", text, err, want)
		}
	}
}

func TestMembers(t *testing.T) {
	for text, want := range map[string]error{
		`{}`:                        nil,
		` {"a": [1, {"b": null}]} `: nil,
		`{"a":1,"A":2}`:             nil,
		`{"a":1,"a":1}`:             jsontext.ErrTwice,
		`{"a":1,"\u0061":1}`:        jsontext.ErrTwice,
		`{"a":1} {}`:                jsontext.ErrTrailing,
		`{"a":1}]`:                  jsontext.ErrTrailing,
		`[{"a":1}]`:                 jsontext.ErrList,
		`"a"`:                       jsontext.ErrNoObject,
		`null`:                      jsontext.ErrNoObject,
		"{\"a\":\"\xff\"}":          jsontext.ErrUTF8,
		`{"\udc00":1}`:              jsontext.ErrSurrogate,
		`{"a":1`:                    io.ErrUnexpectedEOF,
		`{"a":"`:                    io.ErrUnexpectedEOF,
		` `:                         io.EOF,
		``:                          io.EOF,
	} {
		if members, err := jsontext.Members([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v, want %v", text, members, err, want)
		}
	}
	members, err := jsontext.Members([]byte(`{"a": 123456789012345678901234567890, "b" : {"c":[ ]}}`))
	if err != nil || string(members["a"]) != "123456789012345678901234567890" || string(members["b"]) != `{"c":[ ]}` {
		t.Error(members, err)
	}
}

// FuzzMembers: the members are those that encoding/json finds.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"a":{"b":[1,{"c":"}\\\""}]},"d" : -1.5e3 , "e":null}`, `{"\u0061":"\\"}`, `[]`, `{"a":1}}`, "{\"a\"\n:\t[ ]\r}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		members, err := jsontext.Members(data)
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
