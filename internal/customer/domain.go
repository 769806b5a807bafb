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

// The actions that go to the portal; a job of theirs may outlive its call.
const (
	Register   = "registerDomain"
	Unregister = "unregisterDomain"
)

// RegisterDomain registers a domain for a customer. The portal is asked first;
// that a domain has one owner is decided by the unique name.
func (s *Service) RegisterDomain(ctx context.Context, in model.RegisterDomainInput) (*model.RegisterDomainPayload, error) {
	in.Domain = written(in.Domain)
	out := &model.RegisterDomainPayload{}
	var err error
	change := s.about(Register, in.CustomerID, in, in.Execution)
	if isAsync(in.Execution) {
		out.Job, err = s.Async.Start(ctx, change, domainOrder(in.Username, in.Password, in.Domain))
		return out, err
	}
	change.Ask = s.askRegister(in)
	out.Job, err = s.Jobs.Do(ctx, change, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		out.Customer, out.Domain, err = register(ctx, tx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	yes := true
	out.Registered, out.Customer, out.Domain = &yes, job.Settled(ctx, out.Customer), job.Settled(ctx, out.Domain)
	return out, nil
}

// UnregisterDomain ends a registration. Only the account that made it may.
func (s *Service) UnregisterDomain(ctx context.Context, in model.UnregisterDomainInput) (*model.UnregisterDomainPayload, error) {
	in.Domain = written(in.Domain)
	out := &model.UnregisterDomainPayload{}
	var err error
	change := s.about(Unregister, in.CustomerID, in, in.Execution)
	if isAsync(in.Execution) {
		out.Job, err = s.Async.Start(ctx, change, domainOrder(in.Username, in.Password, in.Domain))
		return out, err
	}
	change.Ask = s.askUnregister(in)
	out.Job, err = s.Jobs.Do(ctx, change, func(ctx context.Context, tx *ent.Client, _ *job.Record) (err error) {
		out.Customer, err = unregister(ctx, tx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	yes := true
	out.Unregistered, out.Customer = &yes, job.Settled(ctx, out.Customer)
	return out, nil
}

func (s *Service) askRegister(in model.RegisterDomainInput) func(context.Context, uuid.UUID) error {
	return func(ctx context.Context, jobID uuid.UUID) error {
		if err := s.authorizeDomainWork(ctx, in.CustomerID, in.Domain); err != nil {
			return err
		}
		taken, err := s.Client.Domain.Query().Where(domain.Name(in.Domain)).Exist(ctx)
		if err != nil {
			return err
		}
		if taken {
			return conflict(in.Domain)
		}
		return s.Portal.Register(ctx, request(in.Username, in.Password, in.Domain, in.CustomerID, jobID))
	}
}

func (s *Service) askUnregister(in model.UnregisterDomainInput) func(context.Context, uuid.UUID) error {
	return func(ctx context.Context, jobID uuid.UUID) error {
		if err := s.authorizeDomainWork(ctx, in.CustomerID, in.Domain); err != nil {
			return err
		}
		if err := owned(ctx, s.Client, in); err != nil {
			return err
		}
		return s.Portal.Unregister(ctx, request(in.Username, in.Password, in.Domain, in.CustomerID, jobID))
	}
}

// authorizeDomainWork checks what can be checked before another system is asked.
func (s *Service) authorizeDomainWork(ctx context.Context, id uuid.UUID, name string) error {
	if err := customer.Policy.EvalMutation(ctx, s.Client.Customer.UpdateOneID(id).Mutation()); err != nil {
		return err
	}
	if _, err := domainname.Canonical(name); err != nil {
		return err
	}
	known, err := s.Client.Customer.Query().Where(customer.ID(id)).Exist(ctx)
	if err == nil && !known {
		err = fault.Missing("customer", id)
	}
	return err
}

func register(ctx context.Context, tx *ent.Client, in model.RegisterDomainInput) (*ent.Customer, *ent.Domain, error) {
	c, err := touch(ctx, tx, in.CustomerID, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	d, err := tx.Domain.Create().
		SetCustomerID(in.CustomerID).
		SetName(in.Domain).
		SetPortalUsername(in.Username).
		Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, nil, conflict(in.Domain).Because(err)
	}
	return c, d, err
}

func unregister(ctx context.Context, tx *ent.Client, in model.UnregisterDomainInput) (*ent.Customer, error) {
	c, err := touch(ctx, tx, in.CustomerID, nil, nil)
	if err != nil {
		return nil, err
	}
	gone, err := tx.Domain.Delete().
		Where(domain.Name(in.Domain), domain.CustomerID(in.CustomerID), domain.PortalUsername(in.Username)).
		Exec(ctx)
	if err == nil && gone == 0 {
		err = owned(ctx, tx, in)
	}
	return c, err
}

// owned refuses a domain that the customer does not have, or that another
// account registered.
func owned(ctx context.Context, client *ent.Client, in model.UnregisterDomainInput) error {
	d, err := client.Domain.Query().Where(domain.Name(in.Domain), domain.CustomerID(in.CustomerID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return fault.New(fault.Invalid, "The customer has no domain %s", in.Domain).On("domain")
	case err != nil:
		return err
	case d.PortalUsername != in.Username:
		return fault.New(fault.Invalid, "The domain %s was registered by another portal account", in.Domain).On("username")
	}
	return nil
}

func conflict(name string) *fault.Fault {
	return fault.New(fault.Conflict, "The domain %s is already registered", name).On("domain")
}

// written is the canonical form of a name, or the name itself where it has
// none: that is refused within the job.
func written(name string) string {
	if canonical, err := domainname.Canonical(name); err == nil {
		return canonical
	}
	return name
}

func isAsync(ex *model.ExecutionInput) bool {
	return ex != nil && ex.Params != nil && ex.Params.Wait != nil && !*ex.Params.Wait
}
