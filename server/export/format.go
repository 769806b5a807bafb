package export

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"strings"

	"cloudapi/ent/capacityunit"
	"cloudapi/internal/capacity"
)

// linesFormat writes JSON Lines: a line for each customer, with the fields of the schema.
type linesFormat struct{}

func (linesFormat) contentType() string         { return "application/jsonl; charset=utf-8" }
func (linesFormat) begin(_ *bufio.Writer) error { return nil }

func (linesFormat) customer(w *bufio.Writer, node json.RawMessage) error {
	// Line breaks stand in JSON texts only as escapes, and between its parts there are none.
	if _, err := w.Write(node); err != nil {
		return err
	}
	return w.WriteByte('\n')
}

// csvFormat writes CSV (RFC 4180) with a line of column names.
type csvFormat struct{}

func (csvFormat) contentType() string { return "text/csv; charset=utf-8; header=present" }

// properties are the columns of CSV that have a customer's own fields.
func properties() []string {
	return []string{
		"id", "version", "createdAt", "updatedAt", "name", "description", "address", "city", "country", "status",
		"resourceGroupId", "retentionPolicyId",
	}
}

// Columns returns the names of the columns of CSV.
func Columns() []string {
	columns := properties()
	for _, t := range capacity.Types() {
		columns = append(columns, "available"+string(t), "consumed"+string(t))
	}
	return columns
}

func (csvFormat) begin(w *bufio.Writer) error { return line(w, Columns()) }

func (csvFormat) customer(w *bufio.Writer, node json.RawMessage) error {
	var own map[string]json.RawMessage
	if err := json.Unmarshal(node, &own); err != nil {
		return err
	}
	cells := make([]string, 0, len(Columns()))
	for _, name := range properties() {
		var text *string
		if err := json.Unmarshal(own[name], &text); err != nil {
			return err
		}
		if text == nil {
			text = new(string)
		}
		cells = append(cells, harmless(*text))
	}
	var balance []struct {
		Type                capacityunit.Type
		Available, Consumed string
	}
	if err := json.Unmarshal(own["capacityBalance"], &balance); err != nil {
		return err
	}
	sums := map[capacityunit.Type][2]string{}
	for _, b := range balance {
		sums[b.Type] = [2]string{b.Available, b.Consumed}
	}
	for _, t := range capacity.Types() {
		of, ok := sums[t]
		if !ok {
			of = [2]string{"0", "0"}
		}
		cells = append(cells, of[0], of[1])
	}
	return line(w, cells)
}

// harmless returns a text that no spreadsheet takes for a formula: an apostrophe precedes one that could be one (CSV
// injection). Somebody else may have given a customer its name.
func harmless(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) || strings.HasPrefix(text, "＝") ||
		strings.HasPrefix(text, "＋") || strings.HasPrefix(text, "－") || strings.HasPrefix(text, "＠") {
		return "'" + text
	}
	return text
}

func line(w *bufio.Writer, cells []string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	if err := c.Write(cells); err != nil {
		return err
	}
	c.Flush()
	return c.Error()
}
