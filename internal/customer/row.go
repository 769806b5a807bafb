package customer

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent"
)

// appendRow appends what a mutation would insert to a JSON array that is still
// open, as an object by columns.
func appendRow(array []byte, m ent.Mutation, id uuid.UUID) []byte {
	if len(array) == 0 {
		array = append(array, '[')
	} else {
		array = append(array, ',')
	}
	array = appendValue(append(array, `{"id":`...), id)
	for _, name := range m.Fields() {
		value, _ := m.Field(name)
		array = append(strconv.AppendQuote(append(array, ','), name), ':')
		array = appendValue(array, value)
	}
	return append(array, '}')
}

// appendValue appends a value; those that each row has without reflection.
func appendValue(to []byte, value any) []byte {
	switch v := value.(type) {
	case uuid.UUID:
		return append(append(append(to, '"'), v.String()...), '"')
	case time.Time:
		return append(v.AppendFormat(append(to, '"'), time.RFC3339Nano), '"')
	case int64:
		return strconv.AppendInt(to, v, 10)
	}
	// What ent keeps in a column always encodes.
	text, _ := json.Marshal(value)
	return append(to, text...)
}
