package jsontext

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Members splits the one value of data, which must be an object, into the text
// of each of its members, parts of data. Names are compared to the letter, and
// none may be given twice: encoding/json takes the last, in any case, without a
// word.
func Members(data []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(data) {
		return nil, ErrUTF8
	}
	if LoneSurrogate(data) {
		return nil, ErrSurrogate
	}
	if !json.Valid(data) {
		return nil, fault(data)
	}
	// From here on nothing has to be looked for that could not be there.
	t := text(data)
	i := t.skip(0)
	switch t[i] {
	case '[':
		return nil, ErrList
	case '{':
	default:
		return nil, ErrNoObject
	}
	members := make(map[string]json.RawMessage, 4)
	for i = t.skip(i + 1); t[i] != '}'; {
		end := t.end(i)
		name, err := unquote(t[i:end])
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice {
			return nil, ErrTwice
		}
		i = t.skip(t.skip(end) + 1) // over the colon
		end = t.end(i)
		members[name] = json.RawMessage(t[i:end])
		if i = t.skip(end); t[i] == ',' {
			i = t.skip(i + 1)
		}
	}
	return members, nil
}

// fault tells what is wrong with what is no JSON.
func fault(data []byte) error {
	var first json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&first); err != nil {
		return err
	}
	return ErrTrailing
}

func unquote(quoted []byte) (name string, err error) {
	if inner := quoted[1 : len(quoted)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), nil
	}
	err = json.Unmarshal(quoted, &name)
	return name, err
}

// text is valid JSON.
type text []byte

// skip returns the place of the first byte from i on that is no white space.
func (t text) skip(i int) int {
	for t[i] == ' ' || t[i] == '\t' || t[i] == '\n' || t[i] == '\r' {
		i++
	}
	return i
}

// end returns the place after the value that begins at i.
func (t text) end(i int) int {
	for depth := 0; ; {
		switch t[i] {
		case '"':
			i = t.quote(i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++ // between values of one that is not at its end
			continue
		default:
			i = t.word(i)
		}
		if depth == 0 {
			return i
		}
	}
}

// quote returns the place after the string that begins at i.
func (t text) quote(i int) int {
	for i++; t[i] != '"'; i++ {
		if t[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// word returns the place after the number or the name that begins at i.
func (t text) word(i int) int {
	for i < len(t) && bytes.IndexByte([]byte(",:]} \t\n\r"), t[i]) < 0 {
		i++
	}
	return i
}
