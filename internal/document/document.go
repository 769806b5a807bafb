// Package document has the serialized forms of the old API: Thrift, YAML and
// XML (CONTRACT.md, 2 and 3; OLD-FAMILY.md, 2). It writes and reads customers,
// cloud users, cloud user groups, cloud spaces and jobs. It is a leaf: it uses
// the model's words and does not depend on how objects are stored.
//
// One table for each type (tables.go) lists the fields: their ids in Thrift,
// their names in YAML and XML. Thrift, YAML and XML write an object; ReadThrift,
// ReadYAML and ReadXML read one:
//
//	user, err := document.ReadThrift[document.CloudUser](text)
package document

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/secret"
)

// Customer is what the forms carry of a customer. A text that is "" is unset, so
// is a nil guid pointer. Lists are written in the order given.
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
	// SSODomain is the one domain of a customer of the old server, and
	// SSOUsername its portal account. They are read and never written.
	SSODomain, SSOUsername string
}

// Unit is one capacity unit. Version is in the Thrift form only.
type Unit struct {
	GUID, Version     uuid.UUID
	Amount            int64  // 1 to MaxAmount
	Type              string // one of UnitTypes
	Name, Description string
}

// CloudUser is what the forms carry of a cloud user.
type CloudUser struct {
	GUID, Version              uuid.UUID
	CreatedAt                  time.Time
	Login, Email               string
	Name, FirstName, LastName  string
	Description                string
	Address, City, Country     string
	PhoneMobile, PhoneLandline string
	Status                     string // one of CloudUserStatuses
	System                     bool
	// Password is read from the old server's form and never written.
	Password secret.Text
}

// CloudUserGroup is what the forms carry of a cloud user group.
type CloudUserGroup struct {
	GUID, Version     uuid.UUID
	CreatedAt         time.Time
	Name, Description string
	CloudUsers        []uuid.UUID
	CloudUserGroups   []uuid.UUID // the groups that are members of it
	System            bool
}

// CloudSpace is what the forms carry of a cloud space.
type CloudSpace struct {
	GUID, Version     uuid.UUID
	CreatedAt         time.Time
	Name, Description string
	Status            string // one of CloudSpaceStatuses
	ParentID          *uuid.UUID
	CustomerID        uuid.UUID
	System            bool
}

// Job is what the forms carry of a job.
type Job struct {
	GUID, Version        uuid.UUID
	CreatedAt            time.Time
	Name, Description    string
	ActionName           string // <type>.<method>
	UserErrorMessage     string
	InternalErrorMessage string
	MaxDuration          int64 // seconds, 0 for none
	ParentID             *uuid.UUID
	Status               string
	StartedAt, EndedAt   time.Time // to the second
	CloudUserID          *uuid.UUID
	Order                int64
	Log                  string
	RootObjectType       string
	RootObjectID         *uuid.UUID
	Parameters           string // a JSON object
	System               bool
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

// CloudUserStatuses are the values of a cloud user's status (OLD-FAMILY.md, 1).
func CloudUserStatuses() []string { return []string{"CONFIGURED", "CREATED", "DISABLED"} }

// CloudSpaceStatuses are the values of a cloud space's status (OLD-FAMILY.md, 1).
func CloudSpaceStatuses() []string { return []string{"ACTIVE", "DISABLED"} }

var errNotScalar = errors.New("not a scalar")

// guid is "" for an unset guid.
func guid(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

func guids(ids []uuid.UUID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}

// valid keeps a document readable whatever the store held: no format here has
// a place for a byte that is not UTF-8, so each becomes U+FFFD.
func valid(s string) string { return string([]rune(s)) }
