package document

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
)

// base64Columns is the line length of MIME's base64 (RFC 2045), which the old server used.
const base64Columns = 76

// Thrift returns the object as one struct of the Thrift binary protocol, in base64 lines of 76 columns that each end in "\n"
// (CONTRACT.md, 3).
func Thrift[T any, F form[T]](v T) (string, error) {
	buffer := thrift.NewTMemoryBuffer()
	// The protocol requires a context, but writing to memory cannot be cancelled.
	w := &thriftWriter{ctx: context.Background(), out: thrift.NewTBinaryProtocolConf(buffer, nil)}
	t := F(&v).table()
	w.object(t)
	w.do(w.out.Flush(w.ctx))
	if w.err != nil {
		return "", fmt.Errorf("write %s as thrift: %w", t.name, w.err)
	}
	return lines(base64.StdEncoding.EncodeToString(buffer.Bytes())), nil
}

func lines(s string) string {
	var out strings.Builder
	for len(s) > base64Columns {
		out.WriteString(s[:base64Columns] + "\n")
		s = s[base64Columns:]
	}
	if s != "" {
		out.WriteString(s + "\n")
	}
	return out.String()
}

// thriftWriter keeps the first error, so that callers need no checks.
type thriftWriter struct {
	ctx context.Context
	out thrift.TProtocol
	err error
}

func (w *thriftWriter) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *thriftWriter) object(t table) {
	w.do(w.out.WriteStructBegin(w.ctx, t.name))
	for _, f := range t.fields {
		if !f.readOnly {
			w.field(f)
		}
	}
	w.do(w.out.WriteFieldStop(w.ctx))
	w.do(w.out.WriteStructEnd(w.ctx))
}

// field writes a field that is set.
func (w *thriftWriter) field(f field) {
	if units := f.units(); units != nil {
		writeList(w, f, thrift.STRUCT, *units, func(u Unit) { w.object(u.table()) })
		return
	}
	if texts, ok := f.texts(); ok {
		writeList(w, f, thrift.STRING, texts, func(text string) { w.do(w.out.WriteString(w.ctx, text)) })
		return
	}
	text := f.text()
	if text == "" {
		return
	}
	switch at := f.at.(type) {
	case *int64:
		w.do(w.out.WriteFieldBegin(w.ctx, f.name, thrift.I64, f.id))
		w.do(w.out.WriteI64(w.ctx, *at))
	case *bool:
		w.do(w.out.WriteFieldBegin(w.ctx, f.name, thrift.BOOL, f.id))
		w.do(w.out.WriteBool(w.ctx, *at))
	default:
		w.do(w.out.WriteFieldBegin(w.ctx, f.name, thrift.STRING, f.id))
		w.do(w.out.WriteString(w.ctx, text))
	}
	w.do(w.out.WriteFieldEnd(w.ctx))
}

func writeList[T any](w *thriftWriter, f field, of thrift.TType, values []T, write func(T)) {
	if len(values) == 0 {
		return
	}
	w.do(w.out.WriteFieldBegin(w.ctx, f.name, thrift.LIST, f.id))
	w.do(w.out.WriteListBegin(w.ctx, of, len(values)))
	for _, value := range values {
		write(value)
	}
	w.do(w.out.WriteListEnd(w.ctx))
	w.do(w.out.WriteFieldEnd(w.ctx))
}
