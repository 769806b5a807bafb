package document

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
)

// ReadThrift reads an object from the base64 text of getObject. It skips unknown fields; a field with the wrong type is an
// error that names it.
func ReadThrift[T any, F form[T]](text string) (T, error) {
	var v T
	t := F(&v).table()
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return v, fmt.Errorf("read %s: not base64: %w", t.name, err)
	}
	buffer := thrift.NewTMemoryBuffer()
	buffer.Write(raw)
	// A valid string or list is not longer than the text.
	size := int32(min(len(raw), 1<<30))
	conf := &thrift.TConfiguration{MaxMessageSize: max(size, 1), MaxFrameSize: max(size, 1)}
	r := &thriftReader{context.Background(), thrift.NewTBinaryProtocolConf(buffer, conf)}
	if err := r.object(t); err != nil {
		return v, fmt.Errorf("read %s as thrift: %w", t.name, err)
	}
	if buffer.Len() > 0 {
		return v, fmt.Errorf("read %s as thrift: %d bytes follow the struct", t.name, buffer.Len())
	}
	return v, nil
}

type thriftReader struct {
	ctx context.Context
	in  thrift.TProtocol
}

func (r *thriftReader) object(t table) error {
	for {
		_, kind, id, err := r.in.ReadFieldBegin(r.ctx)
		if err != nil {
			return err
		}
		if kind == thrift.STOP {
			return nil
		}
		at := -1
		for i := range t.fields {
			if t.fields[i].id == id {
				at = i
			}
		}
		if at < 0 {
			err = r.in.Skip(r.ctx, kind)
		} else {
			err = r.field(t.fields[at], kind)
		}
		if err != nil {
			return fmt.Errorf("field %d: %w", id, err)
		}
	}
}

var errType = errors.New("another type than the field has")

func (r *thriftReader) field(f field, kind thrift.TType) error {
	_, isList := f.texts()
	if isList || f.units() != nil {
		if kind != thrift.LIST && kind != thrift.SET {
			return errType
		}
		return r.list(f)
	}
	text, err := r.scalar(f, kind)
	if err != nil {
		return err
	}
	return f.set(text)
}

// scalar reads a value as text. The type of the encoded value must be that of the field.
func (r *thriftReader) scalar(f field, kind thrift.TType) (string, error) {
	switch f.at.(type) {
	case *int64:
		return r.integer(kind)
	case *bool:
		if kind != thrift.BOOL {
			return "", errType
		}
		b, err := r.in.ReadBool(r.ctx)
		return strconv.FormatBool(b), err
	}
	if kind != thrift.STRING {
		return "", errType
	}
	return r.in.ReadString(r.ctx)
}

func (r *thriftReader) integer(kind thrift.TType) (string, error) {
	var n int64
	var err error
	switch kind {
	case thrift.I64:
		n, err = r.in.ReadI64(r.ctx)
	case thrift.I32:
		var small int32
		small, err = r.in.ReadI32(r.ctx)
		n = int64(small)
	default:
		err = errType
	}
	return strconv.FormatInt(n, 10), err
}

func (r *thriftReader) list(f field) error {
	of, size, err := r.in.ReadListBegin(r.ctx)
	if err != nil {
		return err
	}
	want := thrift.TType(thrift.STRING)
	if f.units() != nil {
		want = thrift.STRUCT
	}
	if size > 0 && of != want {
		return errType
	}
	for range size {
		if units := f.units(); units != nil {
			var u Unit
			if err := r.object(u.table()); err != nil {
				return err
			}
			*units = append(*units, u)
			continue
		}
		text, err := r.in.ReadString(r.ctx)
		if err != nil {
			return err
		}
		if err := f.add(text); err != nil {
			return err
		}
	}
	return nil
}
