package jsontext_test

import (
	"errors"
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
