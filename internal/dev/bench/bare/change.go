package bare

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// change is the body of a request that changes or creates a customer.
type change struct {
	CustomerID uuid.UUID `json:"customerId,omitzero"`
	Name       string    `json:"name,omitempty"`
	City       string    `json:"city,omitempty"`
	Status     string    `json:"status,omitempty"`
}

// The statements of the changes; that of the job follows each.
const (
	createCustomer = `INSERT INTO customers (id, version, created_at, updated_at, name, name_fold, city, status) VALUES ($1, $2, $3, $3, $4, $5, $6, 'CONFIGURED')`
	setStatus      = `UPDATE customers SET version = $2, updated_at = $3, status = $4 WHERE id = $1 RETURNING version, name, status`
	updateCustomer = `UPDATE customers SET version = $2, updated_at = $3, name = $4, name_fold = $5, city = $6 WHERE id = $1 RETURNING version, name, status`
	recordChange   = `INSERT INTO jobs (id, action, status, parameters, started_at, ended_at, user_login, customer_id, object_id) VALUES ($1, $2, 'DONE', $3, $4, $5, 'bare', $6, $6)`
)

func (h *Handler) create(r *http.Request) ([]byte, error) {
	return h.change(r, "createCustomer", createCustomerAt, func(in change) []any {
		return []any{in.Name, strings.ToLower(in.Name), in.City}
	})
}

func (h *Handler) status(r *http.Request) ([]byte, error) {
	return h.change(r, "setCustomerStatus", setStatusAt, func(in change) []any { return []any{in.Status} })
}

func (h *Handler) update(r *http.Request) ([]byte, error) {
	return h.change(r, "updateCustomer", updateCustomerAt, func(in change) []any {
		return []any{in.Name, strings.ToLower(in.Name), in.City}
	})
}

// change makes a change with its job in a transaction.
func (h *Handler) change(r *http.Request, action string, at int, args func(change) []any) ([]byte, error) {
	var in change
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	if in.CustomerID == uuid.Nil {
		in.CustomerID = uuid.Must(uuid.NewV7())
	}
	parameters, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	started, version, job := time.Now().UTC(), uuid.New(), uuid.Must(uuid.NewV7())
	ctx := r.Context()
	err = h.inTx(ctx, func(tx *sql.Tx) error {
		return errors.Join(
			h.exec(ctx, tx, at, append([]any{in.CustomerID, version, started}, args(in)...)...),
			h.exec(ctx, tx, recordChangeAt, job, action, parameters, started, time.Now().UTC(), in.CustomerID),
		)
	})
	return fmt.Appendf(nil, `{"data":{%q:{"customer":{"id":%q,"version":%q},"job":{"id":%q}}}}`, action, in.CustomerID, version, job), err
}
