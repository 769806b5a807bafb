// Package transfer moves objects between databases: it reads them from an old server, from files or from another
// database, and loads them with their original guids, versions and times (docs/moving-in.md).
//
// Read the files in this order:
//
//   - object.go: the objects. check.go, space.go: what is checked, and what is taken from an existing object.
//   - Sources: remote.go, call.go (an old server); files.go, parse.go, convert.go (its answers in files); jsonlines.go (an
//     export).
//   - load.go: the import. read_ahead.go: reading while loading.
//   - batch.go, write.go, rows.go, hash.go: one transaction. stored.go: the existing objects.
//   - deferred.go: objects whose references come later. rejected_value.go: why the database rejected an object.
package transfer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cloudapi/internal/secret"
)

// Kind is the type of an object, as in its line.
type Kind string

// The kinds.
const (
	KindPortalAccount  Kind = "portalAccount"
	KindCloudUser      Kind = "cloudUser"
	KindCloudUserGroup Kind = "cloudUserGroup"
	KindCustomer       Kind = "customer"
	KindCloudSpace     Kind = "cloudSpace"
)

// Kinds returns all kinds; referenced kinds come first.
func Kinds() []Kind {
	return []Kind{KindPortalAccount, KindCloudUser, KindCloudUserGroup, KindCustomer, KindCloudSpace}
}

// Object is one object with everything that belongs to it.
type Object interface {
	// Kind returns its kind.
	Kind() Kind
	// head returns the fields that all kinds have.
	head() *Head
	// check rejects what the model does not allow, and converts the object to the form in which it is stored.
	check() error
	// merge takes fields that the source lacks from the existing object; nil for none.
	merge(have Object)
	// links returns the references to other objects.
	links() []link
}

// Head has the fields of all kinds.
type Head struct {
	GUID      uuid.UUID `json:"guid"`
	Version   uuid.UUID `json:"version,omitzero"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	// Coarse says that the source's times are only to the minute.
	Coarse bool `json:"-"`
}

func (h *Head) head() *Head { return h }

// fillMissing takes fields that the source lacks from the existing object.
func (h *Head) fillMissing(have *Head) {
	if h.Version == uuid.Nil {
		h.Version = have.Version
	}
	if h.CreatedAt.IsZero() || h.Coarse && h.CreatedAt.Equal(have.CreatedAt.Truncate(time.Minute)) {
		h.CreatedAt = have.CreatedAt
	}
}

// setDefaults sets the fields of a new object that its source lacks.
func (h *Head) setDefaults(now time.Time) {
	if h.Version == uuid.Nil {
		h.Version = uuid.New()
	}
	if h.CreatedAt.IsZero() {
		h.CreatedAt = now
	}
}

// link is a reference to another object.
type link struct {
	to Kind
	id uuid.UUID
	// drop removes the reference from the object; nil if the object requires it.
	drop func()
}

// PortalAccount is an account of the embedded portal.
type PortalAccount struct {
	Head
	Username     string `json:"username"`
	PasswordHash string `json:"passwordHash,omitzero"`
}

// CloudUser is a cloud user.
type CloudUser struct {
	Head
	Login         string `json:"login"`
	Email         string `json:"email"`
	FirstName     string `json:"firstName"`
	LastName      string `json:"lastName"`
	Name          string `json:"name"`
	Description   string `json:"description"`
	Address       string `json:"address"`
	City          string `json:"city"`
	Country       string `json:"country"`
	PhoneMobile   string `json:"phoneMobile"`
	PhoneLandline string `json:"phoneLandline"`
	SystemUser    bool   `json:"systemUser"`
	Role          string `json:"role,omitzero"`
	Status        string `json:"status"`
	// The account at an OpenID Connect issuer, and the content of its last token.
	Issuer         *string    `json:"issuer,omitzero"`
	Subject        *string    `json:"subject,omitzero"`
	RoleStatedAt   *time.Time `json:"roleStatedAt,omitzero"`
	RoleValidUntil *time.Time `json:"roleValidUntil,omitzero"`

	PasswordIsWeak bool   `json:"passwordIsWeak"`
	PasswordHash   string `json:"passwordHash,omitzero"`

	// password comes from the old server. It is hashed before the object is loaded, and is in no line.
	password secret.Text
}

// CloudUserGroup is a group with its members.
type CloudUserGroup struct {
	Head
	Name            string      `json:"name"`
	Description     string      `json:"description"`
	CloudUsers      []uuid.UUID `json:"cloudUsers"`
	CloudUserGroups []uuid.UUID `json:"cloudUserGroups"`
}

// Customer is a customer with its capacity, links and domains.
type Customer struct {
	Head
	UpdatedAt         time.Time      `json:"updatedAt,omitzero"`
	Name              string         `json:"name"`
	Description       string         `json:"description"`
	Address           string         `json:"address"`
	City              string         `json:"city"`
	Country           string         `json:"country"`
	Status            string         `json:"status"`
	ResourceGroupID   *uuid.UUID     `json:"resourceGroupId,omitzero"`
	RetentionPolicyID *uuid.UUID     `json:"retentionPolicyId,omitzero"`
	CapacityUnits     []CapacityUnit `json:"capacityUnits"`
	CloudUserGroups   []uuid.UUID    `json:"cloudUserGroups"`
	Domains           []Domain       `json:"domains"`
}

// CapacityUnit is a unit of a customer's capacity. The order of the list is their order.
type CapacityUnit struct {
	Head
	Kind        string `json:"kind"`
	Type        string `json:"capacityUnitType"`
	Amount      int64  `json:"amount"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Domain is a domain name of a customer.
type Domain struct {
	GUID           uuid.UUID `json:"guid,omitzero"`
	Name           string    `json:"name"`
	RegisteredAt   time.Time `json:"registeredAt,omitzero"`
	PortalUsername string    `json:"portalUsername"`
}

// CloudSpace is a cloud space.
type CloudSpace struct {
	Head
	CustomerID  uuid.UUID  `json:"customerId"`
	ParentID    *uuid.UUID `json:"parentId,omitzero"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Status      string     `json:"status"`
}

// Kind returns portalAccount.
func (*PortalAccount) Kind() Kind { return KindPortalAccount }

// Kind returns cloudUser.
func (*CloudUser) Kind() Kind { return KindCloudUser }

// Kind returns cloudUserGroup.
func (*CloudUserGroup) Kind() Kind { return KindCloudUserGroup }

// Kind returns customer.
func (*Customer) Kind() Kind { return KindCustomer }

// Kind returns cloudSpace.
func (*CloudSpace) Kind() Kind { return KindCloudSpace }

func newObject(kind Kind) (Object, error) {
	switch kind {
	case KindPortalAccount:
		return &PortalAccount{}, nil
	case KindCloudUser:
		return &CloudUser{}, nil
	case KindCloudUserGroup:
		return &CloudUserGroup{}, nil
	case KindCustomer:
		return &Customer{}, nil
	case KindCloudSpace:
		return &CloudSpace{}, nil
	}
	return nil, fmt.Errorf("unknown type %.80q", string(kind))
}

// differences returns the names of the fields in which two objects of a kind differ.
func differences(a, b Object) []string {
	var found []string
	var walk func(a, b reflect.Value)
	walk = func(a, b reflect.Value) {
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if f.Anonymous {
				walk(a.Field(i), b.Field(i))
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.IsExported() || name == "-" {
				continue
			}
			if !equalJSON(a.Field(i).Interface(), b.Field(i).Interface()) {
				found = append(found, name)
			}
		}
	}
	walk(reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
	return found
}

// equal reports whether the lines of two objects are equal.
func equal(a, b Object) bool { return equalJSON(a, b) }

func equalJSON(a, b any) bool {
	one, err := json.Marshal(a)
	if err != nil {
		return false
	}
	other, err := json.Marshal(b)
	return err == nil && bytes.Equal(one, other)
}

func sortIDs(ids []uuid.UUID) []uuid.UUID {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	if ids == nil {
		return []uuid.UUID{}
	}
	return ids
}
