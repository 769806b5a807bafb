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

// order is what domain work needs when nobody waits for it: it is sealed until
// then, for it has the account's password.
type order struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Domain   string `json:"domain"`
}

func domainOrder(username string, password secret.Text, name string) []byte {
	// Three texts always encode.
	text, _ := json.Marshal(order{Username: username, Password: password.Reveal(), Domain: name})
	return text
}

// Handlers is how jobs that outlived their call are run, by action.
func (s *Service) Handlers() map[string]job.Handler {
	return map[string]job.Handler{
		Register: func(customerID uuid.UUID, sealed []byte) (job.Task, error) {
			o, err := readOrder(sealed)
			in := model.RegisterDomainInput{
				CustomerID: customerID, Username: o.Username, Password: secret.New(o.Password), Domain: o.Domain,
			}
			return job.Task{Ask: s.askRegister(in), Work: func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
				_, _, err := register(ctx, tx, in)
				return err
			}}, err
		},
		Unregister: func(customerID uuid.UUID, sealed []byte) (job.Task, error) {
			o, err := readOrder(sealed)
			in := model.UnregisterDomainInput{
				CustomerID: customerID, Username: o.Username, Password: secret.New(o.Password), Domain: o.Domain,
			}
			return job.Task{Ask: s.askUnregister(in), Work: func(ctx context.Context, tx *ent.Client, _ *job.Record) error {
				_, err := unregister(ctx, tx, in)
				return err
			}}, err
		},
	}
}

func readOrder(sealed []byte) (order, error) {
	var o order
	err := json.Unmarshal(sealed, &o)
	return o, err
}

func request(username string, password secret.Text, name string, customerID, jobID uuid.UUID) portal.Request {
	return portal.Request{
		Account:    portal.Account{Username: username, Password: password},
		Domain:     name,
		CustomerID: customerID,
		JobID:      jobID,
	}
}
