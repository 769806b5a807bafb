package transfer

import (
	"fmt"

	"cloudapi/ent/cloudspace"
)

func (s *CloudSpace) check() error {
	if s.Status == "" {
		s.Status = string(cloudspace.DefaultStatus)
	}
	if cloudspace.StatusValidator(cloudspace.Status(s.Status)) != nil {
		return fmt.Errorf("unknown status %.80q", s.Status)
	}
	if s.ParentID != nil && *s.ParentID == s.GUID {
		return fmt.Errorf("the cloud space is its own parent")
	}
	return first(s.Head.check(), cloudspace.NameValidator(s.Name), cloudspace.DescriptionValidator(s.Description))
}

func (s *CloudSpace) merge(have Object) {
	if have, ok := have.(*CloudSpace); ok {
		s.fillMissing(&have.Head)
	}
}

func (s *CloudSpace) links() []link {
	all := []link{{to: KindCustomer, id: s.CustomerID}}
	if s.ParentID != nil {
		all = append(all, link{to: KindCloudSpace, id: *s.ParentID})
	}
	return all
}
