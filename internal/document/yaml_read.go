package document

import (
	"errors"
	"fmt"

	yaml "go.yaml.in/yaml/v3"
)

// ReadYAML reads an object from the text of getYAML. It skips unknown keys. Every scalar is read as text: `no` is a name,
// not false.
func ReadYAML[T any, F form[T]](text string) (T, error) {
	var v T
	t := F(&v).table()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return v, fmt.Errorf("read %s: %w", t.name, err)
	}
	if len(doc.Content) != 1 {
		return v, fmt.Errorf("read %s: not one YAML document", t.name)
	}
	if err := readMapping(t, doc.Content[0]); err != nil {
		return v, fmt.Errorf("read %s as YAML: %w", t.name, err)
	}
	return v, nil
}

var errShape = errors.New("another structure than the type has")

func readMapping(t table, n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return errShape
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f := t.byName(n.Content[i].Value)
		if f == nil || f.thriftOnly {
			continue
		}
		if err := readNode(*f, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

func readNode(f field, n *yaml.Node) error {
	_, isList := f.texts()
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style == 0:
		return nil
	case !isList && f.units() == nil:
		if n.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s: %w", f.name, errShape)
		}
		return f.set(n.Value)
	case n.Kind != yaml.SequenceNode:
		return fmt.Errorf("%s: %w", f.name, errShape)
	}
	for _, item := range n.Content {
		if err := readItem(f, item); err != nil {
			return err
		}
	}
	return nil
}

func readItem(f field, item *yaml.Node) error {
	if units := f.units(); units != nil {
		var u Unit
		if err := readMapping(u.table(), item); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*units = append(*units, u)
		return nil
	}
	if item.Kind != yaml.ScalarNode {
		return fmt.Errorf("%s: %w", f.name, errShape)
	}
	return f.add(item.Value)
}
