package jsontext_test

import (
	"errors"
	"io"
	"testing"

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
		`{"a":1`:                    io.EOF,
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
