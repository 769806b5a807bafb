package document

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/apache/thrift/lib/go/thrift"
)

// base64Columns is the line length of MIME's base64, which the old server used.
const base64Columns = 76

// Thrift returns the customer as one struct of the Thrift binary protocol, in
// base64 lines of 76 columns that each end in "\n" (CONTRACT.md, 3).
func Thrift(c Customer) (string, error) {
	buffer := thrift.NewTMemoryBuffer()
	// The protocol needs a context and a memory buffer never waits, so there
	// is nothing for a caller to cancel.
	w := &thriftWriter{ctx: context.Background(), out: thrift.NewTBinaryProtocolConf(buffer, nil)}
	w.customer(c)
	w.do(w.out.Flush(w.ctx))
	if w.err != nil {
		return "", fmt.Errorf("write customer %s as thrift: %w", c.GUID, w.err)
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

// thriftWriter keeps the first error, so that the field lists below read as
// the table they are.
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

func (w *thriftWriter) customer(c Customer) {
	w.do(w.out.WriteStructBegin(w.ctx, "customer"))
	w.text("guid", 1, c.GUID.String())
	w.text("version", 2, c.Version.String())
	w.text("creationdate", 3, creationDate(c.CreatedAt))
	w.text("name", 11, c.Name)
	w.text("description", 12, c.Description)
	w.text("address", 13, c.Address)
	w.text("city", 14, c.City)
	w.text("country", 15, c.Country)
	w.text("status", 16, c.Status)
	w.units("capacityunitsavailable", 17, c.CapacityAvailable)
	w.units("capacityunitsconsumed", 18, c.CapacityConsumed)
	w.text("resourcegroupguid", 19, guid(c.ResourceGroupID))
	w.texts("cloudusergroups", 20, guids(c.CloudUserGroups))
	w.text("retentionpolicyguid", 26, guid(c.RetentionPolicyID))
	w.texts("domains", 40, c.Domains)
	w.end()
}

func (w *thriftWriter) unit(u Unit) {
	w.do(w.out.WriteStructBegin(w.ctx, "capacityunit"))
	w.text("guid", 1, u.GUID.String())
	w.text("version", 2, u.Version.String())
	w.do(w.out.WriteFieldBegin(w.ctx, "amount", thrift.I64, 11))
	w.do(w.out.WriteI64(w.ctx, u.Amount))
	w.do(w.out.WriteFieldEnd(w.ctx))
	w.text("capacityunittype", 12, u.Type)
	w.text("name", 13, u.Name)
	w.text("description", 14, u.Description)
	w.end()
}

func (w *thriftWriter) end() {
	w.do(w.out.WriteFieldStop(w.ctx))
	w.do(w.out.WriteStructEnd(w.ctx))
}

func (w *thriftWriter) text(name string, id int16, value string) {
	if value == "" {
		return
	}
	w.do(w.out.WriteFieldBegin(w.ctx, name, thrift.STRING, id))
	w.do(w.out.WriteString(w.ctx, valid(value)))
	w.do(w.out.WriteFieldEnd(w.ctx))
}

func (w *thriftWriter) texts(name string, id int16, values []string) {
	writeList(w, name, id, thrift.STRING, values, func(value string) {
		w.do(w.out.WriteString(w.ctx, valid(value)))
	})
}

func (w *thriftWriter) units(name string, id int16, units []Unit) {
	writeList(w, name, id, thrift.STRUCT, units, w.unit)
}

func writeList[T any](w *thriftWriter, name string, id int16, of thrift.TType, values []T, write func(T)) {
	if len(values) == 0 {
		return
	}
	w.do(w.out.WriteFieldBegin(w.ctx, name, thrift.LIST, id))
	w.do(w.out.WriteListBegin(w.ctx, of, len(values)))
	for _, value := range values {
		write(value)
	}
	w.do(w.out.WriteListEnd(w.ctx))
	w.do(w.out.WriteFieldEnd(w.ctx))
}
