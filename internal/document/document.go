// Package document writes a customer in the serialized forms of the old API:
// Thrift, YAML and XML (CONTRACT.md, 2 and 3). It is a leaf: it knows the
// model's words, not where they are stored.
package document

import (
	"time"

	"github.com/google/uuid"
)

// Customer is what the documents carry. A text that is "" is unset, so is a
// nil guid pointer. Lists are written in the order given.
type Customer struct {
	GUID, Version              uuid.UUID
	CreatedAt                  time.Time // written in UTC, to the minute
	Name, Description, Address string
	City, Country              string
	Status                     string // one of Statuses
	ResourceGroupID            *uuid.UUID
	RetentionPolicyID          *uuid.UUID
	CapacityAvailable          []Unit
	CapacityConsumed           []Unit
	CloudUserGroups            []uuid.UUID
	Domains                    []string // canonical names
}

// Unit is one capacity unit. Version is in the Thrift form only.
type Unit struct {
	GUID, Version     uuid.UUID
	Amount            int64  // 1 to MaxAmount
	Type              string // one of UnitTypes
	Name, Description string
}

// MaxAmount is the largest amount: the last integer before a JSON reader that
// counts in doubles begins to round.
const MaxAmount = 1<<53 - 1

// Statuses are the values of a customer's status (CONTRACT.md, 2).
func Statuses() []string { return []string{"ACTIVE", "CONFIGURED", "DISABLED"} }

// UnitTypes are the capacity unit types (CONTRACT.md, 2).
func UnitTypes() []string {
	return []string{"CU", "LV", "MU", "NBU", "NUIPPORTS", "NUM", "SUA", "SUP", "WV"}
}

func creationDate(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// guid is "" for an unset guid.
func guid(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// valid keeps a document readable whatever the store held: no format here has
// a place for a byte that is not UTF-8, so each becomes U+FFFD.
func valid(s string) string { return string([]rune(s)) }
