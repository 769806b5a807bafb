package transfer

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"cloudapi/ent"
	"cloudapi/internal/strictjson"
	"cloudapi/internal/viewer"
)

// maxLine bounds a line, and any other text of an object, in bytes.
const maxLine = 64 << 20

// appendLine appends an object as a line without its end: its type, then its fields.
func appendLine(to []byte, o Object) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return nil, err
	}
	fields := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	to = fmt.Appendf(to, `{"type":%q,`, o.Kind())
	return append(to, fields[1:]...), nil
}

// parseLine parses an object. Unknown fields are an error.
func parseLine(line []byte) (Object, error) {
	if !utf8.Valid(line) || strictjson.LoneSurrogate(line) {
		return nil, errors.New("not valid UTF-8")
	}
	var typed struct {
		Type Kind `json:"type"`
	}
	fields, found := cutType(line, &typed.Type)
	if !found {
		var all map[string]json.RawMessage
		err := first(json.Unmarshal(line, &typed), json.Unmarshal(line, &all))
		if err != nil {
			return nil, fmt.Errorf("not a line of an export: %w", err)
		}
		delete(all, "type")
		if fields, err = json.Marshal(all); err != nil {
			return nil, err
		}
	}
	o, err := newObject(typed.Type)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(fields))
	d.DisallowUnknownFields()
	if err := d.Decode(o); err != nil {
		return nil, fmt.Errorf("%s: %w", typed.Type, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return o, nil
}

// cutType removes the type from a line that begins with it, as the lines of an export do.
func cutType(line []byte, to *Kind) (fields []byte, found bool) {
	rest, found := bytes.CutPrefix(line, []byte(`{"type":"`))
	if !found {
		return nil, false
	}
	name, rest, found := bytes.Cut(rest, []byte(`",`))
	if !found || bytes.ContainsAny(name, `"\\`) {
		return nil, false
	}
	*to = Kind(name)
	return append([]byte("{"), rest...), true
}

// Lines is a source of JSON Lines.
type Lines struct {
	Name string
	In   io.Reader
}

// Read reads all lines.
func (s Lines) Read(ctx context.Context, give func(Item) error) error {
	in := bufio.NewReaderSize(s.In, 1<<16)
	for n := 1; ; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		where := fmt.Sprintf("%s:%d", s.Name, n)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errLong) {
			return fmt.Errorf("read %s: %w", where, err)
		}
		item := Item{Where: where}
		if errors.Is(err, errLong) {
			item.Err = errLong
		} else if len(bytes.TrimSpace(line)) == 0 {
			continue
		} else {
			item.Object, item.Err = parseLine(line)
		}
		if err := give(item); err != nil {
			return err
		}
	}
}

var errLong = fmt.Errorf("longer than %d MiB", maxLine>>20)

// readLine reads a line. It skips one that is too long.
func readLine(in *bufio.Reader) (line []byte, err error) {
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLong
		default:
			return line, err
		}
	}
}

// Export writes all objects of a database as JSON Lines, consistently: in the order of Kinds, and of their guids.
func Export(ctx context.Context, client *ent.Client, postgres bool, hashes bool, out io.Writer, progress func(Counts)) (counts Counts, err error) {
	ctx = viewer.SystemContext(ctx)
	counts = newCounts()
	o := &sql.TxOptions{ReadOnly: true}
	if postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	tx, err := client.BeginTx(ctx, o)
	if err != nil {
		return counts, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	to := bufio.NewWriterSize(out, 1<<16)
	for _, kind := range Kinds() {
		page := selection{limit: batchObjects}
		for {
			all, err := page.read(ctx, tx.Client(), kind)
			if err != nil {
				return counts, err
			}
			for _, object := range all {
				if err := writeLine(to, object, hashes); err != nil {
					return counts, err
				}
				counts.Kinds[kind].Read++
			}
			if progress != nil {
				progress(counts)
			}
			if len(all) < page.limit {
				break
			}
			page.after = all[len(all)-1].head().GUID
		}
	}
	return counts, to.Flush()
}

func writeLine(to *bufio.Writer, o Object, hashes bool) error {
	if !hashes {
		switch o := o.(type) {
		case *CloudUser:
			o.PasswordHash = ""
		case *PortalAccount:
			o.PasswordHash = ""
		}
	}
	line, err := appendLine(nil, o)
	if err != nil {
		return err
	}
	if _, err := to.Write(line); err != nil {
		return err
	}
	return to.WriteByte('\n')
}
