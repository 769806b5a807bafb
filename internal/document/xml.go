package document

import (
	_ "embed" // for the schema
	"encoding/xml"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

//go:embed customer.xsd
var schema string

// XMLSchema returns the XSD 1.0 that every document of XML is valid against.
func XMLSchema() string { return schema }

// XML returns the customer as an XML 1.0 document valid against XMLSchema,
// whatever its texts hold: a carriage return, which a parser would turn into a
// line feed, is a character reference, and a character that XML has no place
// for (a control character, U+FFFE, U+FFFF, a broken byte) becomes U+FFFD.
//
// The error is for what is not text and so was never an answer of the model: a
// status or unit type outside its enumeration, an amount out of range, a year
// that has not four digits.
func XML(c Customer) (string, error) {
	if err := c.check(); err != nil {
		return "", fmt.Errorf("write customer %s as XML: %w", c.GUID, err)
	}
	body, err := xml.MarshalIndent(c.xml(), "", "  ")
	if err != nil {
		return "", fmt.Errorf("write customer %s as XML: %w", c.GUID, err)
	}
	return xml.Header + string(body) + "\n", nil
}

// check holds what the schema demands and the types here do not.
func (c Customer) check() error {
	if !slices.Contains(Statuses(), c.Status) {
		return fmt.Errorf("unknown status %q", c.Status)
	}
	if year := c.CreatedAt.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("creation year %d has not four digits", year)
	}
	for _, u := range slices.Concat(c.CapacityAvailable, c.CapacityConsumed) {
		if !slices.Contains(UnitTypes(), u.Type) {
			return fmt.Errorf("unit %s has the unknown type %q", u.GUID, u.Type)
		}
		if u.Amount < 1 || u.Amount > MaxAmount {
			return fmt.Errorf("unit %s has the amount %d", u.GUID, u.Amount)
		}
	}
	return nil
}

// customerXML follows YAML's names and their alphabetical order, which is the
// sequence in the schema. Unset fields are left out, lists are always there.
type customerXML struct {
	XMLName             xml.Name      `xml:"customer"`
	Address             string        `xml:"address,omitempty"`
	CapacityAvailable   unitsXML      `xml:"capacityunitsavailable"`
	CapacityConsumed    unitsXML      `xml:"capacityunitsconsumed"`
	City                string        `xml:"city,omitempty"`
	CloudUserGroups     guidListXML   `xml:"cloudusergroups"`
	Country             string        `xml:"country,omitempty"`
	CreationDate        string        `xml:"creationdate"`
	Description         string        `xml:"description,omitempty"`
	Domains             domainListXML `xml:"domains"`
	GUID                uuid.UUID     `xml:"guid"`
	Name                string        `xml:"name"`
	ResourceGroupGUID   *uuid.UUID    `xml:"resourcegroupguid"`
	RetentionPolicyGUID *uuid.UUID    `xml:"retentionpolicyguid"`
	Status              string        `xml:"status"`
	Version             uuid.UUID     `xml:"version"`
}

type unitsXML struct {
	Units []unitXML `xml:"capacityunit"`
}

type unitXML struct {
	Amount      int64     `xml:"amount"`
	Type        string    `xml:"capacityunittype"`
	Description string    `xml:"description,omitempty"`
	GUID        uuid.UUID `xml:"guid"`
	Name        string    `xml:"name,omitempty"`
}

type guidListXML struct {
	GUIDs []uuid.UUID `xml:"guid"`
}

type domainListXML struct {
	Names []string `xml:"domain"`
}

func (c Customer) xml() customerXML {
	return customerXML{
		Address:             c.Address,
		CapacityAvailable:   toUnitsXML(c.CapacityAvailable),
		CapacityConsumed:    toUnitsXML(c.CapacityConsumed),
		City:                c.City,
		CloudUserGroups:     guidListXML{c.CloudUserGroups},
		Country:             c.Country,
		CreationDate:        creationDate(c.CreatedAt),
		Description:         c.Description,
		Domains:             domainListXML{c.Domains},
		GUID:                c.GUID,
		Name:                c.Name,
		ResourceGroupGUID:   c.ResourceGroupID,
		RetentionPolicyGUID: c.RetentionPolicyID,
		Status:              c.Status,
		Version:             c.Version,
	}
}

func toUnitsXML(units []Unit) unitsXML {
	var list unitsXML
	for _, u := range units {
		list.Units = append(list.Units, unitXML{
			Amount: u.Amount, Type: u.Type, Description: u.Description, GUID: u.GUID, Name: u.Name,
		})
	}
	return list
}
