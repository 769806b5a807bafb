package document

import (
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// YAML returns the customer in the old block style: keys in alphabetical
// order, list items not indented under their key, unset fields left out, one
// line for each scalar (CONTRACT.md, 2).
//
// The three lists of the old format are always there, "[]" when empty. domains
// is ours, and the contract's example, which is to the letter, has no domain
// and no line for it: so that key appears with the first domain.
func YAML(c Customer) string {
	var w yamlWriter
	w.text("address", c.Address)
	w.units("capacityunitsavailable", c.CapacityAvailable)
	w.units("capacityunitsconsumed", c.CapacityConsumed)
	w.text("city", c.City)
	w.texts("cloudusergroups", guids(c.CloudUserGroups))
	w.text("country", c.Country)
	w.text("creationdate", creationDate(c.CreatedAt))
	w.text("description", c.Description)
	if len(c.Domains) > 0 {
		w.texts("domains", c.Domains)
	}
	w.text("guid", c.GUID.String())
	w.text("name", c.Name)
	w.text("resourcegroupguid", guid(c.ResourceGroupID))
	w.text("retentionpolicyguid", guid(c.RetentionPolicyID))
	w.text("status", c.Status)
	w.text("version", c.Version.String())
	return w.out.String()
}

// yamlWriter writes by itself because no YAML library at hand writes list
// items at the column of their key and keeps to ASCII at the same time.
type yamlWriter struct {
	out strings.Builder
	// unit is true inside a capacity unit, whose first key carries the dash.
	unit, first bool
}

func (w *yamlWriter) key(name string) {
	switch {
	case w.first:
		w.out.WriteString("- ")
		w.first = false
	case w.unit:
		w.out.WriteString("  ")
	}
	w.out.WriteString(name + ":")
}

func (w *yamlWriter) text(name, value string) {
	if value == "" {
		return
	}
	w.key(name)
	w.out.WriteString(" " + yamlScalar(value) + "\n")
}

func (w *yamlWriter) texts(name string, values []string) {
	w.list(name, len(values))
	for _, value := range values {
		w.out.WriteString("- " + yamlScalar(value) + "\n")
	}
}

func (w *yamlWriter) units(name string, units []Unit) {
	w.list(name, len(units))
	for _, u := range units {
		w.unit, w.first = true, true
		w.key("amount")
		w.out.WriteString(" " + strconv.FormatInt(u.Amount, 10) + "\n")
		w.text("capacityunittype", u.Type)
		w.text("description", u.Description)
		w.text("guid", u.GUID.String())
		w.text("name", u.Name)
	}
	w.unit = false
}

func (w *yamlWriter) list(name string, n int) {
	w.key(name)
	if n == 0 {
		w.out.WriteString(" []")
	}
	w.out.WriteString("\n")
}

func guids(ids []uuid.UUID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}
