package transfer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Files is a file or directory with the answers of the old server's methods, JSON Lines, or CSV.
type Files struct{ Path string }

// Read reads the files in the order of their names.
func (f Files) Read(ctx context.Context, give func(Item) error) error {
	return filepath.WalkDir(f.Path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return give(Item{Where: path, Err: err})
		}
		if entry.IsDir() {
			return nil
		}
		// A link may lead anywhere, and a pipe may never end.
		if !entry.Type().IsRegular() && path != f.Path {
			return give(Item{Where: path, Err: errors.New("not a regular file")})
		}
		return readFile(ctx, path, give)
	})
}

func readFile(ctx context.Context, path string, give func(Item) error) error {
	file, err := os.Open(path)
	if err != nil {
		return give(Item{Where: path, Err: err})
	}
	defer func() { _ = file.Close() }()
	in := bufio.NewReaderSize(file, 1<<16)
	start, err := in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return give(Item{Where: path, Err: err})
	}
	switch extension := strings.ToLower(filepath.Ext(path)); {
	case extension == ".jsonl", extension == ".ndjson", bytes.HasPrefix(bytes.TrimSpace(start), []byte(`{"type"`)):
		return Lines{Name: path, In: in}.Read(ctx, give)
	case extension == ".csv":
		return Table{Name: path, In: in}.Read(ctx, give)
	}
	text, err := io.ReadAll(io.LimitReader(in, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("longer than %d MiB", maxAnswer>>20)
	}
	i := Item{Where: path, Err: err}
	if err == nil {
		i.Object, i.Err = parseText(path, text)
		if i.Err != nil {
			i.Object = nil
		}
	}
	return give(i)
}

// parseText parses one object in any form, also as the complete answer of an old URL.
func parseText(path string, text []byte) (Object, error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte("{")) {
		var answer struct {
			Result *string `json:"result"`
		}
		if err := json.Unmarshal(text, &answer); err != nil || answer.Result == nil {
			return nil, errors.New("JSON that is neither a line of an export nor the answer of an old URL")
		}
		text = bytes.TrimSpace([]byte(*answer.Result))
	}
	f := formYAML
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		f = formXML
	case base64Text.Match(text):
		f = formThrift
	}
	kind, err := kindOf(path, f, text)
	if err != nil {
		return nil, err
	}
	return parseForm(kind, f, string(text))
}

var base64Text = regexp.MustCompile(`^[A-Za-z0-9+/=\s]+$`)

// xmlRoot finds the root element, and yamlKeys a key that only one type has.
var (
	xmlRoot  = regexp.MustCompile(`<([a-z]+)[\s>/]`)
	yamlKeys = []struct {
		key  *regexp.Regexp
		kind Kind
	}{
		{regexp.MustCompile(`(?m)^login:`), KindCloudUser},
		{regexp.MustCompile(`(?m)^capacityunits(available|consumed):`), KindCustomer},
		{regexp.MustCompile(`(?m)^customerguid:`), KindCloudSpace},
		{regexp.MustCompile(`(?m)^cloudusers:`), KindCloudUserGroup},
	}
)

// oldNames are the old API's names of the types; a name that contains another comes first.
var oldNames = []struct {
	name string
	kind Kind
}{
	{"cloudusergroup", KindCloudUserGroup}, {"clouduser", KindCloudUser}, {"cloudspace", KindCloudSpace}, {"customer", KindCustomer},
}

// kindOf determines the type of a text from its content, or from the name of its file or of a parent directory.
func kindOf(path string, f form, text []byte) (Kind, error) {
	switch f {
	case formXML:
		if root := xmlRoot.FindSubmatch(text); root != nil {
			for _, n := range oldNames {
				if n.name == string(root[1]) {
					return n.kind, nil
				}
			}
			return "", fmt.Errorf("unknown type %.80q", root[1])
		}
	case formYAML:
		for _, k := range yamlKeys {
			if k.key.Match(text) {
				return k.kind, nil
			}
		}
	}
	parts := strings.Split(strings.ToLower(filepath.ToSlash(path)), "/")
	slices.Reverse(parts)
	for _, part := range parts {
		for _, n := range oldNames {
			if strings.Contains(part, n.name) {
				return n.kind, nil
			}
		}
	}
	return "", errKind
}

// Table is CSV of customers, with a header.
type Table struct {
	Name string
	In   io.Reader
}

// columns has a setter for each column of CSV.
func columns() map[string]func(*Customer, string) error {
	text := func(at func(*Customer) *string) func(*Customer, string) error {
		return func(c *Customer, value string) error { *at(c) = value; return nil }
	}
	guid := func(set func(*Customer, uuid.UUID)) func(*Customer, string) error {
		return func(c *Customer, value string) error {
			id, err := uuid.Parse(value)
			if err == nil {
				set(c, id)
			}
			return err
		}
	}
	return map[string]func(*Customer, string) error{
		"guid":                guid(func(c *Customer, id uuid.UUID) { c.GUID = id }),
		"name":                text(func(c *Customer) *string { return &c.Name }),
		"description":         text(func(c *Customer) *string { return &c.Description }),
		"address":             text(func(c *Customer) *string { return &c.Address }),
		"city":                text(func(c *Customer) *string { return &c.City }),
		"country":             text(func(c *Customer) *string { return &c.Country }),
		"status":              text(func(c *Customer) *string { return &c.Status }),
		"resourcegroupguid":   guid(func(c *Customer, id uuid.UUID) { c.ResourceGroupID = &id }),
		"retentionpolicyguid": guid(func(c *Customer, id uuid.UUID) { c.RetentionPolicyID = &id }),
		"domain": func(c *Customer, value string) error {
			c.Domains = append(c.Domains, Domain{Name: value})
			return nil
		},
	}
}

// Read reads a customer from each record.
func (t Table) Read(_ context.Context, give func(Item) error) error {
	bounded := &limitedReader{in: t.In}
	r := csv.NewReader(bounded)
	bounded.left = maxAnswer
	header, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: the header cannot be read: %w", t.Name, err)
	}
	known := columns()
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if known[header[i]] == nil {
			return fmt.Errorf("%s: there is no column %.80q; known are guid, name, description, address, city, country, status, resourcegroupguid, retentionpolicyguid and domain", t.Name, name)
		}
	}
	if !slices.Contains(header, "name") {
		return fmt.Errorf("%s: the column name is missing", t.Name)
	}
	for {
		bounded.left = maxAnswer
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var i Item
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax):
			i = Item{Where: fmt.Sprintf("%s:%d", t.Name, syntax.StartLine), Err: syntax.Err}
		case err != nil:
			return fmt.Errorf("%s: %w", t.Name, err)
		default:
			line, _ := r.FieldPos(0)
			i.Where = fmt.Sprintf("%s:%d", t.Name, line)
			if i.Object, i.Err = customerOf(header, record, known); i.Err != nil {
				i.Object = nil
			}
		}
		if err := give(i); err != nil {
			return err
		}
	}
}

// customerOf converts a record to a customer. If it has no guid, the guid is derived from the record, so that repeating an
// import finds the same customer.
func customerOf(header, record []string, known map[string]func(*Customer, string) error) (Object, error) {
	c := &Customer{Head: Head{GUID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(strings.Join(record, "\x00")))}}
	for i, value := range record {
		if value == "" {
			continue
		}
		if err := known[header[i]](c, value); err != nil {
			return nil, fmt.Errorf("%s is not valid: %.80q", header[i], value)
		}
	}
	return c, nil
}
