package bare

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// addition is the body of a request to add capacity.
type addition struct {
	CustomerID uuid.UUID `json:"customerId"`
	Amount     int64     `json:"amount"`
	Type       string    `json:"type"`
	Name       string    `json:"name"`
}

func (h *Handler) add(r *http.Request) ([]byte, error) {
	var in addition
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	parameters, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	started := time.Now().UTC()
	unit, job := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	ctx := r.Context()
	err = h.inTx(ctx, func(tx *sql.Tx) error {
		return errors.Join(
			h.exec(ctx, tx, touchAt, in.CustomerID, uuid.New(), started),
			h.exec(ctx, tx, addUnitAt, unit, uuid.New(), started, in.Type, in.Amount, in.Name, in.CustomerID),
			h.exec(ctx, tx, recordJobAt, job, parameters, started, time.Now().UTC(), in.CustomerID),
		)
	})
	return fmt.Appendf(nil, `{"data":{"addCapacityAvailable":{"capacityUnit":{"id":%q},"job":{"id":%q}}}}`, unit, job), err
}

func (h *Handler) exec(ctx context.Context, tx *sql.Tx, at int, args ...any) (err error) {
	prepared := tx.StmtContext(ctx, h.prepared[at])
	defer func() { err = errors.Join(err, prepared.Close()) }()
	_, err = prepared.ExecContext(ctx, args...)
	return err
}
