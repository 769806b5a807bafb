package fastread

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
)

// noTag is the tag of the row after the last.
const noTag = -1

// nexter returns rows one at a time, in depth-first order.
type nexter interface {
	Next(dest []driver.Value) error
}

// cursor reads the rows of a statement, one at a time. A guid is valid until the next row is read.
type cursor struct {
	rows         nexter
	values       []driver.Value
	uuids, texts []driver.Value // parts of values
	tag          int
}

func newCursor(p *plan, rows nexter) *cursor {
	values := make([]driver.Value, 1+p.uuids+p.texts)
	return &cursor{rows: rows, values: values, uuids: values[1 : 1+p.uuids], texts: values[1+p.uuids:]}
}

func (c *cursor) next() error {
	err := c.rows.Next(c.values)
	if errors.Is(err, io.EOF) {
		c.tag = noTag
		return nil
	}
	if err != nil {
		return err
	}
	tag, ok := c.values[0].(int64)
	if !ok {
		return fmt.Errorf("a row without a tag: %T", c.values[0])
	}
	c.tag = int(tag)
	return nil
}

// idOf parses a guid.
func idOf(v driver.Value) (uuid.UUID, error) { return uuid.ParseBytes(bytesOf(v)) }

// bytesOf returns the bytes of a text.
func bytesOf(v driver.Value) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	}
	return nil
}
