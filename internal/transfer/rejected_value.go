package transfer

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/capacityunit"
	"cloudapi/ent/clouduser"
	"cloudapi/ent/domain"
	"cloudapi/ent/portalaccount"
	"cloudapi/internal/textrule"
)

// findRejectedValue finds the value of an object that the database rejected.
func (l *Loader) findRejectedValue(ctx context.Context, o Object, reason error) (error, error) {
	client := l.client()
	switch o := o.(type) {
	case *PortalAccount:
		taken, err := client.PortalAccount.Query().Where(portalaccount.Username(o.Username), portalaccount.IDNEQ(o.GUID)).Exist(ctx)
		if taken {
			reason = fmt.Errorf("the portal account %q exists with another guid", o.Username)
		}
		return reason, err
	case *CloudUser:
		id, err := client.CloudUser.Query().Where(clouduser.LoginFold(textrule.Fold(o.Login)), clouduser.IDNEQ(o.GUID)).OnlyID(ctx)
		if err == nil {
			reason = fmt.Errorf("the login %q is that of the user %s", o.Login, id)
		}
		return reason, ent.MaskNotFound(err)
	case *Customer:
		return l.findRejectedCustomerValue(ctx, client, o, reason)
	}
	return reason, nil
}

func (l *Loader) findRejectedCustomerValue(ctx context.Context, client *ent.Client, c *Customer, reason error) (error, error) {
	for _, d := range c.Domains {
		taken, err := client.Domain.Query().Where(domain.Name(d.Name), domain.CustomerIDNEQ(c.GUID)).Only(ctx)
		if err == nil {
			return fmt.Errorf("the domain %s is that of the customer %s", d.Name, taken.CustomerID), nil
		}
		if !ent.IsNotFound(err) {
			return reason, err
		}
	}
	seen := map[uuid.UUID]bool{}
	for _, u := range c.CapacityUnits {
		if seen[u.GUID] {
			return fmt.Errorf("the capacity unit %s twice", u.GUID), nil
		}
		seen[u.GUID] = true
		taken, err := client.CapacityUnit.Query().Where(capacityunit.ID(u.GUID), capacityunit.CustomerIDNEQ(c.GUID)).Exist(ctx)
		if err != nil {
			return reason, err
		}
		if taken {
			return fmt.Errorf("the capacity unit %s is that of another customer", u.GUID), nil
		}
	}
	return reason, nil
}
