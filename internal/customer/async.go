package customer

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/job"
	"cloudapi/internal/model"
	"cloudapi/internal/portal"
	"cloudapi/internal/secret"
)

// domainWork is a change of a domain at the portal and in the database.
type domainWork struct {
	customerID uuid.UUID
	username   string
	password   secret.Text
	domain     string // in canonical form if it has one
}

// payload is domain work as stored with a job. It is encrypted, because it has the account's password.
type payload struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Domain   string `json:"domain"`
}

func (w domainWork) payload() []byte {
	// Three texts can always be encoded.
	text, _ := json.Marshal(payload{Username: w.username, Password: w.password.Reveal(), Domain: w.domain})
	return text
}

// Handlers returns the handlers of background jobs, by action.
func (s *Service) Handlers() map[string]job.Handler {
	return map[string]job.Handler{
		Register: handler(s.checkRegister, s.portalRegister, func(ctx context.Context, tx *ent.Client, w domainWork) error {
			_, _, err := register(ctx, tx, w)
			return err
		}),
		Unregister: handler(s.checkUnregister, s.portalUnregister, func(ctx context.Context, tx *ent.Client, w domainWork) error {
			_, err := unregister(ctx, tx, w)
			return err
		}),
	}
}

// handler returns a handler with the stages of domain work.
func handler(
	check func(context.Context, domainWork) error,
	before func(context.Context, job.BeforeTx, uuid.UUID, domainWork) error,
	within func(context.Context, *ent.Client, domainWork) error,
) job.Handler {
	return func(customerID uuid.UUID, text []byte) (job.Task, error) {
		var p payload
		if err := json.Unmarshal(text, &p); err != nil {
			return job.Task{}, err
		}
		w := domainWork{customerID: customerID, username: p.Username, password: secret.New(p.Password), domain: p.Domain}
		return job.Task{
			Check:  func(ctx context.Context) error { return check(ctx, w) },
			Before: func(ctx context.Context, b job.BeforeTx, id uuid.UUID) error { return before(ctx, b, id, w) },
			Work:   func(ctx context.Context, tx *ent.Client, _ *job.Record) error { return within(ctx, tx, w) },
		}, nil
	}
}

func (w domainWork) request(jobID uuid.UUID) portal.Request {
	return portal.Request{
		Account:    portal.Account{Username: w.username, Password: w.password},
		Domain:     w.domain,
		CustomerID: w.customerID,
		JobID:      jobID,
	}
}

// isAsync reports whether the caller does not wait for the work (wait: false).
func isAsync(ex *model.ExecutionInput) bool {
	return ex != nil && ex.Params != nil && ex.Params.Wait != nil && !*ex.Params.Wait
}
