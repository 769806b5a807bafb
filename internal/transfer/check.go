package transfer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"cloudapi/ent/capacityunit"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/cloudusergroup"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/ent/portalaccount"
	"cloudapi/internal/domainname"
	"cloudapi/internal/strictjson"
)

// first returns the first error.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// utc converts a time to the form in which databases store it.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Microsecond)
}

func utcOf(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := utc(*t)
	return &at
}

func (h *Head) check() error {
	if h.GUID == uuid.Nil {
		return errNoGUID
	}
	h.CreatedAt = utc(h.CreatedAt)
	return nil
}

var errNoGUID = fmt.Errorf("guid is missing")

func (a *PortalAccount) check() error {
	return first(a.Head.check(), portalaccount.UsernameValidator(a.Username))
}

func (a *PortalAccount) merge(have Object) {
	if have, ok := have.(*PortalAccount); ok {
		a.fillMissing(&have.Head)
		if a.PasswordHash == "" {
			a.PasswordHash = have.PasswordHash
		}
	}
}

func (a *PortalAccount) links() []link { return nil }

func (u *CloudUser) check() error {
	if u.Role != "" {
		if err := clouduser.RoleValidator(clouduser.Role(u.Role)); err != nil {
			return fmt.Errorf("unknown role %.80q", u.Role)
		}
	}
	if u.Status == "" {
		u.Status = string(clouduser.DefaultStatus)
	}
	if clouduser.StatusValidator(clouduser.Status(u.Status)) != nil {
		return fmt.Errorf("unknown status %.80q", u.Status)
	}
	if (u.Issuer == nil) != (u.Subject == nil) {
		return fmt.Errorf("issuer and subject belong together")
	}
	if u.Issuer != nil {
		if err := first(clouduser.IssuerValidator(*u.Issuer), clouduser.SubjectValidator(*u.Subject)); err != nil {
			return err
		}
	}
	u.RoleStatedAt, u.RoleValidUntil = utcOf(u.RoleStatedAt), utcOf(u.RoleValidUntil)
	return first(u.Head.check(), clouduser.LoginValidator(u.Login), clouduser.EmailValidator(u.Email),
		clouduser.FirstNameValidator(u.FirstName), clouduser.LastNameValidator(u.LastName),
		clouduser.NameValidator(u.Name), clouduser.DescriptionValidator(u.Description),
		clouduser.AddressValidator(u.Address), clouduser.CityValidator(u.City), clouduser.CountryValidator(u.Country),
		clouduser.PhoneMobileValidator(u.PhoneMobile), clouduser.PhoneLandlineValidator(u.PhoneLandline))
}

func (u *CloudUser) merge(have Object) {
	if have, ok := have.(*CloudUser); ok {
		u.fillMissing(&have.Head)
		if u.PasswordHash == "" {
			u.PasswordHash, u.PasswordIsWeak = have.PasswordHash, have.PasswordIsWeak
		}
		if u.Role == "" {
			u.Role = have.Role
		}
		if u.Issuer == nil {
			u.Issuer, u.Subject = have.Issuer, have.Subject
			u.RoleStatedAt, u.RoleValidUntil = have.RoleStatedAt, have.RoleValidUntil
		}
	}
	if u.Role == "" {
		u.Role = string(clouduser.DefaultRole)
	}
}

func (u *CloudUser) links() []link { return nil }

func (g *CloudUserGroup) check() error {
	g.CloudUsers, g.CloudUserGroups = sortIDs(g.CloudUsers), sortIDs(g.CloudUserGroups)
	if slices.Contains(g.CloudUserGroups, g.GUID) {
		return fmt.Errorf("the group is a member of itself")
	}
	return first(g.Head.check(), cloudusergroup.NameValidator(g.Name), cloudusergroup.DescriptionValidator(g.Description))
}

func (g *CloudUserGroup) merge(have Object) {
	if have, ok := have.(*CloudUserGroup); ok {
		g.fillMissing(&have.Head)
	}
}

func (g *CloudUserGroup) links() []link {
	return append(linksTo(KindCloudUser, &g.CloudUsers), linksTo(KindCloudUserGroup, &g.CloudUserGroups)...)
}

func linksTo(kind Kind, list *[]uuid.UUID) []link {
	all := make([]link, 0, len(*list))
	for _, id := range *list {
		all = append(all, link{to: kind, id: id, drop: func() {
			*list = slices.DeleteFunc(slices.Clone(*list), func(other uuid.UUID) bool { return other == id })
		}})
	}
	return all
}

func (c *Customer) check() error {
	if c.Status == "" {
		c.Status = string(customer.DefaultStatus)
	}
	if customer.StatusValidator(customer.Status(c.Status)) != nil {
		return fmt.Errorf("unknown status %.80q", c.Status)
	}
	c.UpdatedAt = utc(c.UpdatedAt)
	c.CloudUserGroups = sortIDs(c.CloudUserGroups)
	for i := range c.CapacityUnits {
		if err := c.CapacityUnits[i].check(c, i); err != nil {
			return fmt.Errorf("capacity unit %d: %w", i+1, err)
		}
	}
	slices.SortStableFunc(c.CapacityUnits, func(a, b CapacityUnit) int { return strings.Compare(a.Kind, b.Kind) })
	if c.CapacityUnits == nil {
		c.CapacityUnits = []CapacityUnit{}
	}
	return first(c.Head.check(), customer.NameValidator(c.Name), customer.DescriptionValidator(c.Description),
		customer.AddressValidator(c.Address), customer.CityValidator(c.City), customer.CountryValidator(c.Country),
		c.checkDomains())
}

func (c *Customer) checkDomains() error {
	for i := range c.Domains {
		d := &c.Domains[i]
		name, err := domainname.Canonical(d.Name)
		if err != nil {
			return err
		}
		d.Name, d.RegisteredAt = name, utc(d.RegisteredAt)
		if d.PortalUsername != "" {
			if err := domain.PortalUsernameValidator(d.PortalUsername); err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(c.Domains, func(a, b Domain) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(c.Domains); i++ {
		if c.Domains[i].Name == c.Domains[i-1].Name {
			return fmt.Errorf("the domain %s twice", c.Domains[i].Name)
		}
	}
	if c.Domains == nil {
		c.Domains = []Domain{}
	}
	return nil
}

// check derives the guid of a unit without one, so that repeating an import finds the same unit.
func (u *CapacityUnit) check(c *Customer, i int) error {
	if u.GUID == uuid.Nil {
		u.GUID = uuid.NewSHA1(c.GUID, fmt.Appendf(nil, "capacity unit %d", i))
	}
	if capacityunit.KindValidator(capacityunit.Kind(u.Kind)) != nil {
		return fmt.Errorf("unknown kind %.80q", u.Kind)
	}
	if capacityunit.TypeValidator(capacityunit.Type(u.Type)) != nil {
		return fmt.Errorf("unknown type %.80q", u.Type)
	}
	if u.Amount < 1 || u.Amount > strictjson.MaxInteger {
		return fmt.Errorf("the amount %d is out of range", u.Amount)
	}
	return first(u.Head.check(), capacityunit.NameValidator(u.Name), capacityunit.DescriptionValidator(u.Description))
}

func (c *Customer) merge(have Object) {
	there, ok := have.(*Customer)
	if !ok {
		return
	}
	c.fillMissing(&there.Head)
	if c.UpdatedAt.IsZero() {
		c.UpdatedAt = there.UpdatedAt
	}
	units := make(map[uuid.UUID]*CapacityUnit, len(there.CapacityUnits))
	for i := range there.CapacityUnits {
		units[there.CapacityUnits[i].GUID] = &there.CapacityUnits[i]
	}
	for i := range c.CapacityUnits {
		if u := units[c.CapacityUnits[i].GUID]; u != nil {
			c.CapacityUnits[i].fillMissing(&u.Head)
		}
	}
	for i := range c.Domains {
		at, found := slices.BinarySearchFunc(there.Domains, c.Domains[i].Name,
			func(d Domain, name string) int { return strings.Compare(d.Name, name) })
		if found {
			c.Domains[i].fillMissing(there.Domains[at])
		}
	}
}

func (d *Domain) fillMissing(have Domain) {
	if d.GUID == uuid.Nil {
		d.GUID = have.GUID
	}
	if d.RegisteredAt.IsZero() {
		d.RegisteredAt = have.RegisteredAt
	}
	if d.PortalUsername == "" {
		d.PortalUsername = have.PortalUsername
	}
}

// setDefaults sets the fields of a new customer that its source lacks.
func (c *Customer) setDefaults(now time.Time) {
	c.Head.setDefaults(now)
	if c.UpdatedAt.IsZero() {
		c.UpdatedAt = now
	}
	for i := range c.CapacityUnits {
		c.CapacityUnits[i].setDefaults(c.CreatedAt)
	}
	for i := range c.Domains {
		d := &c.Domains[i]
		if d.GUID == uuid.Nil {
			d.GUID = uuid.Must(uuid.NewV7())
		}
		if d.RegisteredAt.IsZero() {
			d.RegisteredAt = c.CreatedAt
		}
	}
}

func (c *Customer) links() []link { return linksTo(KindCloudUserGroup, &c.CloudUserGroups) }
