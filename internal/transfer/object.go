// Package transfer moves objects between databases: it reads them from an old
// server, from files or from another database, and loads them with their guids,
// versions and times as they were (docs/moving-in.md).
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

// Kind is the type of an object, as its line says it.
type Kind string

// The kinds.
const (
	KindPortalAccount  Kind = "portalAccount"
	KindCloudUser      Kind = "cloudUser"
	KindCloudUserGroup Kind = "cloudUserGroup"
	KindCustomer       Kind = "customer"
	KindCloudSpace     Kind = "cloudSpace"
)

// Kinds are all kinds, in an order in which what is referred to comes first.
func Kinds() []Kind {
	return []Kind{KindPortalAccount, KindCloudUser, KindCloudUserGroup, KindCustomer, KindCloudSpace}
}

// Object is one object with all that is its own.
type Object interface {
	// Kind is its kind.
	Kind() Kind
	// head is what all kinds have.
	head() *Head
	// check refuses what the model does not allow, and brings the object into
	// the form in which it is kept.
	check() error
	// merge takes what the source does not say from the object that is there;
	// nil for none.
	merge(have Object)
	// links are the references to other objects.
	links() []link
}

// Head is what all kinds have.
type Head struct {
	GUID      uuid.UUID `json:"guid"`
	Version   uuid.UUID `json:"version,omitzero"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
	// Coarse says that the source has times to the minute only.
	Coarse bool `json:"-"`
}

func (h *Head) head() *Head { return h }

// fill takes what the source does not say from the object that is there.
func (h *Head) fill(have *Head) {
	if h.Version == uuid.Nil {
		h.Version = have.Version
	}
	if h.CreatedAt.IsZero() || h.Coarse && h.CreatedAt.Equal(have.CreatedAt.Truncate(time.Minute)) {
		h.CreatedAt = have.CreatedAt
	}
}

// begin gives a new object what its source does not say.
func (h *Head) begin(now time.Time) {
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
	// drop takes the reference out of the object; nil where the object cannot be
	// without it.
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
	// The account at an OpenID Connect issuer, and what it last said.
	Issuer         *string    `json:"issuer,omitzero"`
	Subject        *string    `json:"subject,omitzero"`
	RoleStatedAt   *time.Time `json:"roleStatedAt,omitzero"`
	RoleValidUntil *time.Time `json:"roleValidUntil,omitzero"`

	PasswordIsWeak bool   `json:"passwordIsWeak"`
	PasswordHash   string `json:"passwordHash,omitzero"`

	// password is what the old server gives. It is hashed before the object is
	// loaded, and is in no line.
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

// CapacityUnit is a unit of a customer's capacity. Their order is that of the
// list.
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

// Kind is portalAccount.
func (*PortalAccount) Kind() Kind { return KindPortalAccount }

// Kind is cloudUser.
func (*CloudUser) Kind() Kind { return KindCloudUser }

// Kind is cloudUserGroup.
func (*CloudUserGroup) Kind() Kind { return KindCloudUserGroup }

// Kind is customer.
func (*Customer) Kind() Kind { return KindCustomer }

// Kind is cloudSpace.
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

// differences are the fields in which two objects of a kind differ, as their
// lines name them.
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
			if !sameJSON(a.Field(i).Interface(), b.Field(i).Interface()) {
				found = append(found, name)
			}
		}
	}
	walk(reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
	return found
}

// equal reports whether the lines of two objects are the same.
func equal(a, b Object) bool { return sameJSON(a, b) }

func sameJSON(a, b any) bool {
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
