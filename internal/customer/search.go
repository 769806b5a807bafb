package customer

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/ent/predicate"
	"cloudapi/internal/fault"
	"cloudapi/internal/textrule"
	"cloudapi/internal/viewer"
)

// Limits of a search.
const (
	maxText = 255
	// minSubstring is the minimum length of a text to search for within other texts, in characters: no index finds shorter
	// ones.
	minSubstring = 3
	// maxLogins is how many users one text may match.
	maxLogins = 100
)

// Search returns the visible customers that have a text in some place, best matches first, with the selected fields.
func Search(ctx context.Context, client *ent.Client, text string, max int) ([]*ent.Customer, error) {
	text = strings.TrimSpace(text)
	if err := textrule.Check("text", text, maxText); err != nil {
		return nil, err
	}
	if text == "" {
		return nil, fault.New(fault.Invalid, "text must not be empty").On("text")
	}
	s := search{client: client, text: textrule.Fold(text), max: max, found: []uuid.UUID{}}
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	query, err := client.Customer.Query().CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	customers, err := query.Where(customer.IDIn(s.found...)).All(ctx)
	slices.SortFunc(customers, func(a, b *ent.Customer) int {
		return slices.Index(s.found, a.ID) - slices.Index(s.found, b.ID)
	})
	return customers, err
}

// search searches for a folded text in one place after another, until it has enough results.
type search struct {
	client *ent.Client
	text   string
	max    int
	found  []uuid.UUID
}

func (s *search) run(ctx context.Context) error {
	// Names of domains are canonical: lower case, without accents.
	steps := []predicate.Customer{
		customer.NameFold(s.text), customer.HasDomainsWith(domain.Name(s.text)),
		customer.NameFoldHasPrefix(s.text), customer.HasDomainsWith(domain.NameHasPrefix(s.text)), customer.CityFoldHasPrefix(s.text),
	}
	if err := s.add(ctx, steps...); err != nil {
		return err
	}
	if err := s.addByLogin(ctx, clouduser.LoginFoldHasPrefix(s.text)); err != nil {
		return err
	}
	if utf8.RuneCountInString(s.text) < minSubstring {
		return nil
	}
	err := s.add(ctx, customer.NameFoldContains(s.text), customer.HasDomainsWith(domain.NameContains(s.text)), customer.CityFoldContains(s.text))
	if err != nil {
		return err
	}
	return s.addByLogin(ctx, clouduser.LoginFoldContains(s.text))
}

// add adds the customers that conditions select, one condition after another.
func (s *search) add(ctx context.Context, conditions ...predicate.Customer) error {
	for _, c := range conditions {
		if err := s.addFrom(ctx, s.client.Customer.Query().Where(c)); err != nil {
			return err
		}
	}
	return nil
}

// addFrom adds customers of a query, in the order of their names.
func (s *search) addFrom(ctx context.Context, query *ent.CustomerQuery) error {
	if len(s.found) >= s.max {
		return nil
	}
	if len(s.found) > 0 {
		query.Where(customer.IDNotIn(s.found...))
	}
	more, err := query.Order(customer.ByNameFold(), customer.ByID()).Limit(s.max - len(s.found)).Select(customer.FieldNameFold).All(ctx)
	for _, c := range more {
		s.found = append(s.found, c.ID)
	}
	return err
}

// addByLogin adds the customers of the groups of some users. Only administrators see other users.
func (s *search) addByLogin(ctx context.Context, condition predicate.CloudUser) error {
	if len(s.found) >= s.max || !viewer.FromContext(ctx).May(viewer.Administrator) {
		return nil
	}
	users, err := s.client.CloudUser.Query().Where(condition).Order(clouduser.ByLogin(), clouduser.ByID()).Limit(maxLogins).IDs(ctx)
	if err != nil || len(users) == 0 {
		return err
	}
	return s.addFrom(ctx, s.client.CloudUser.Query().Where(clouduser.IDIn(users...)).QueryGroups().QueryCustomers())
}
