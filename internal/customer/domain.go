package customer

import (
	"context"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/ent/customer"
	"cloudapi/ent/domain"
	"cloudapi/internal/domainname"
	"cloudapi/internal/fault"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
)

// The actions that call the portal; their jobs may run in the background.
const (
	Register   = "registerDomain"
	Unregister = "unregisterDomain"
)

// RegisterDomain registers a domain for a customer. It calls the portal first. The unique name ensures that a domain has one
// owner.
func (s *Service) RegisterDomain(ctx context.Context, in model.RegisterDomainInput) (*model.RegisterDomainPayload, error) {
	in.Domain = canonical(in.Domain)
	out := &model.RegisterDomainPayload{}
	w := domainWork{customerID: in.CustomerID, username: in.Username, password: in.Password, domain: in.Domain}
	change := s.newChange(Register, in.CustomerID, in, in.Execution)
	change.Check = func(ctx context.Context) error { return s.checkRegister(ctx, w) }
	if isAsync(in.Execution) {
		var err error
		out.Job, err = s.Queue.Start(ctx, change, w.payload())
		return out, err
	}
	change.Before = func(ctx context.Context, b job.BeforeTx, id uuid.UUID) error { return s.portalRegister(ctx, b, id, w) }
	yes := true
	out.Registered = &yes
	return job.Run(ctx, s.Jobs, change, out, &out.Job, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		out.Customer, out.Domain, err = register(ctx, tx, w)
		return err
	}, job.RowAt(&out.Customer), job.RowAt(&out.Domain))
}

// UnregisterDomain ends a registration. It needs the account that registered the domain.
func (s *Service) UnregisterDomain(ctx context.Context, in model.UnregisterDomainInput) (*model.UnregisterDomainPayload, error) {
	in.Domain = canonical(in.Domain)
	out := &model.UnregisterDomainPayload{}
	w := domainWork{customerID: in.CustomerID, username: in.Username, password: in.Password, domain: in.Domain}
	change := s.newChange(Unregister, in.CustomerID, in, in.Execution)
	change.Check = func(ctx context.Context) error { return s.checkUnregister(ctx, w) }
	if isAsync(in.Execution) {
		var err error
		out.Job, err = s.Queue.Start(ctx, change, w.payload())
		return out, err
	}
	change.Before = func(ctx context.Context, b job.BeforeTx, id uuid.UUID) error {
		return s.portalUnregister(ctx, b, id, w)
	}
	yes := true
	out.Unregistered = &yes
	return job.Run(ctx, s.Jobs, change, out, &out.Job, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		out.Customer, err = unregister(ctx, tx, w)
		return err
	}, job.RowAt(&out.Customer))
}

// checkRegister makes all checks of a registration that do not need the portal.
func (s *Service) checkRegister(ctx context.Context, w domainWork) error {
	if err := s.checkDomainWork(ctx, w); err != nil {
		return err
	}
	taken, err := s.Client.Domain.Query().Where(domain.Name(w.domain)).Exist(ctx)
	if err == nil && taken {
		err = errRegistered(w.domain)
	}
	return err
}

func (s *Service) checkUnregister(ctx context.Context, w domainWork) error {
	if err := s.checkDomainWork(ctx, w); err != nil {
		return err
	}
	return checkOwner(ctx, s.Client, w)
}

// checkDomainWork checks the role, the arguments, the customer's existence, and that the portal is available.
func (s *Service) checkDomainWork(ctx context.Context, w domainWork) error {
	if err := customer.Policy.EvalMutation(ctx, s.Client.Customer.UpdateOneID(w.customerID).Mutation()); err != nil {
		return err
	}
	if _, err := domainname.Canonical(w.domain); err != nil {
		return err
	}
	if err := domain.PortalUsernameValidator(w.username); err != nil {
		return err
	}
	known, err := s.Client.Customer.Query().Where(customer.ID(w.customerID)).Exist(ctx)
	switch {
	case err != nil:
		return err
	case !known:
		return fault.Missing("customer", w.customerID)
	}
	return s.Portal.Available()
}

func (s *Service) portalRegister(ctx context.Context, b job.BeforeTx, jobID uuid.UUID, w domainWork) error {
	return s.Portal.Register(ctx, b, w.request(jobID))
}

func (s *Service) portalUnregister(ctx context.Context, b job.BeforeTx, jobID uuid.UUID, w domainWork) error {
	return s.Portal.Unregister(ctx, b, w.request(jobID))
}

func register(ctx context.Context, tx *ent.Client, w domainWork) (*ent.Customer, *ent.Domain, error) {
	c, err := updateIfVersion(ctx, tx, w.customerID, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	d, err := tx.Domain.Create().
		SetCustomerID(w.customerID).
		SetName(w.domain).
		SetPortalUsername(w.username).
		Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, nil, errRegistered(w.domain).Because(err)
	}
	return c, d, err
}

func unregister(ctx context.Context, tx *ent.Client, w domainWork) (*ent.Customer, error) {
	c, err := updateIfVersion(ctx, tx, w.customerID, nil, nil)
	if err != nil {
		return nil, err
	}
	deleted, err := tx.Domain.Delete().
		Where(domain.Name(w.domain), domain.CustomerID(w.customerID), domain.PortalUsername(w.username)).
		Exec(ctx)
	if err == nil && deleted == 0 {
		err = checkOwner(ctx, tx, w)
	}
	return c, err
}

// checkOwner rejects a domain that the customer does not have, or that another account registered.
func checkOwner(ctx context.Context, client *ent.Client, w domainWork) error {
	d, err := client.Domain.Query().Where(domain.Name(w.domain), domain.CustomerID(w.customerID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return fault.New(fault.Invalid, "The customer has no domain %s", w.domain).On("domain")
	case err != nil:
		return err
	case d.PortalUsername != w.username:
		return fault.New(fault.Invalid, "The domain %s was registered by another portal account", w.domain).On("username")
	}
	return nil
}

func errRegistered(name string) *fault.Fault {
	return fault.New(fault.Conflict, "The domain %s is already registered", name).On("domain")
}

// canonical returns the canonical form of a name, or the name itself if it has none: the job then rejects it.
func canonical(name string) string {
	if c, err := domainname.Canonical(name); err == nil {
		return c
	}
	return name
}
