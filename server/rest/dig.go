package rest

import (
	"bytes"
	"encoding/json"
)

// member is one member of an object; a slice of them keeps their order.
type member struct {
	key   string
	value json.RawMessage
}

// dig returns what stands at a path of keys. Below a list it is the list of what
// stands there in each element. What is not there is null.
func dig(data json.RawMessage, path []string) json.RawMessage {
	if len(path) == 0 {
		return data
	}
	if data = bytes.TrimSpace(data); len(data) > 0 && data[0] == '[' {
		return digEach(data, path)
	}
	for _, m := range members(data) {
		if m.key == path[0] {
			return dig(m.value, path[1:])
		}
	}
	return json.RawMessage("null")
}

func digEach(data json.RawMessage, path []string) json.RawMessage {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return json.RawMessage("null")
	}
	found := []byte("[")
	for i, item := range items {
		if i > 0 {
			found = append(found, ',')
		}
		found = append(found, dig(item, path)...)
	}
	return append(found, ']')
}

// members reads an object, nil where data is none.
func members(data json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	var found []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil
		}
		m := member{key: key.(string)}
		if err := d.Decode(&m.value); err != nil {
			return nil
		}
		found = append(found, m)
	}
	return found
}

// replace returns data with what stands at path replaced, in the same order.
func replace(data json.RawMessage, path []string, value json.RawMessage) (json.RawMessage, error) {
	if len(path) == 0 {
		return value, nil
	}
	out := []byte("{")
	for i, m := range members(data) {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		if m.key == path[0] {
			if m.value, err = replace(m.value, path[1:], value); err != nil {
				return nil, err
			}
		}
		out = append(append(append(out, key...), ':'), m.value...)
	}
	return append(out, '}'), nil
}
