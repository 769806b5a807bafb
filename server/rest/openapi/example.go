package openapi

import "strings"

// example returns a value for a schema: its example, its first enumerated value, or one composed of its parts.
func (d *describer) example(schema any) any {
	o, ok := schema.(object)
	if !ok {
		return nil
	}
	for _, key := range []string{"example", "const"} {
		if v := o.get(key); v != nil {
			return v
		}
	}
	if ref, ok := o.get("$ref").(string); ok {
		return d.example(d.named[ref[strings.LastIndex(ref, "/")+1:]])
	}
	if values, ok := o.get("enum").([]string); ok {
		return values[0]
	}
	switch o.get("type") {
	case "array":
		return []any{d.example(o.get("items"))}
	case "object":
		properties, _ := o.get("properties").(object)
		out := make(object, 0, len(properties))
		for _, p := range properties {
			out = append(out, member{p.key, d.example(p.value)})
		}
		return out
	}
	return nil
}

func (o object) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}
