// Package document has the serialized forms of the old API: Thrift, YAML and XML (CONTRACT.md, 2 and 3; OLD-FAMILY.md, 2).
// It writes and reads customers, cloud users, cloud user groups, cloud spaces and jobs. It is a leaf: it uses the names of
// the model and does not depend on how objects are stored.
//
// A table for each type (tables.go) lists the fields: their ids in Thrift, their names in YAML and XML. Thrift, YAML and XML
// write an object; ReadThrift, ReadYAML and ReadXML read one:
//
//	user, err := document.ReadThrift[document.CloudUser](text)
package document

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/secret"
	"cloudapi/internal/strictjson"
)

// Customer is a customer in the serialized forms. An empty text is unset, and so is a nil guid. Lists are written in the
// given order.
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
	// SSODomain is the single domain of a customer of the old server, and SSOUsername its portal account. They are read and
	// never written.
	SSODomain, SSOUsername string
}

// Unit is a capacity unit. Version is in the Thrift form only.
type Unit struct {
	GUID, Version     uuid.UUID
	Amount            int64  // 1 to MaxAmount
	Type              string // one of UnitTypes
	Name, Description string
}

// CloudUser is a cloud user in the serialized forms.
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

// CloudUserGroup is a cloud user group in the serialized forms.
type CloudUserGroup struct {
	GUID, Version     uuid.UUID
	CreatedAt         time.Time
	Name, Description string
	CloudUsers        []uuid.UUID
	CloudUserGroups   []uuid.UUID // the groups that are members of this one
	System            bool
}

// CloudSpace is a cloud space in the serialized forms.
type CloudSpace struct {
	GUID, Version     uuid.UUID
	CreatedAt         time.Time
	Name, Description string
	Status            string // one of CloudSpaceStatuses
	ParentID          *uuid.UUID
	CustomerID        uuid.UUID
	System            bool
}

// Job is a job in the serialized forms.
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

// MaxAmount is the largest amount.
const MaxAmount = strictjson.MaxInteger

// Statuses returns the values of a customer's status (CONTRACT.md, 2).
func Statuses() []string { return []string{"ACTIVE", "CONFIGURED", "DISABLED"} }

// UnitTypes returns the capacity unit types (CONTRACT.md, 2).
func UnitTypes() []string {
	return []string{"CU", "LV", "MU", "NBU", "NUIPPORTS", "NUM", "SUA", "SUP", "WV"}
}

// CloudUserStatuses returns the values of a cloud user's status (OLD-FAMILY.md, 1).
func CloudUserStatuses() []string { return []string{"CONFIGURED", "CREATED", "DISABLED"} }

// CloudSpaceStatuses returns the values of a cloud space's status (OLD-FAMILY.md, 1).
func CloudSpaceStatuses() []string { return []string{"ACTIVE", "DISABLED"} }

// Enum converts the values of an enumeration to another type.
func Enum[T ~string](values []string) []T {
	all := make([]T, len(values))
	for i, v := range values {
		all[i] = T(v)
	}
	return all
}

var errNotScalar = errors.New("not a scalar")

// guid returns "" for an unset guid.
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

// valid replaces each byte that is not UTF-8 by U+FFFD, because no form can represent it.
func valid(s string) string { return string([]rune(s)) }
