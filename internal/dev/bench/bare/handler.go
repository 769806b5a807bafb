// Package bare is the baseline for the benchmarks: a handler that runs one hand-written statement for each answer and passes
// the database's JSON on. It has no users and no limits.
package bare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"cloudapi/ent"
)

// Handler answers:
//
//	GET  /one?id=                   a customer with everything nested
//	GET  /page?id=                  a page of 50 by guid; the first without parameters
//	GET  /names?after=NAME&id=      a page of 50 by the folded name, likewise
//	GET  /capacity?customerguid=    the old URL listCapacity
//	POST /add                       adds capacity, as the mutation does
//	POST /create, /status, /update  change customers, likewise
//
// The answers equal the server's as JSON, except for the format of times.
type Handler struct {
	db       *sql.DB
	prepared map[int]*sql.Stmt // closed with db
	lite     bool
}

// The indexes of the prepared statements.
const (
	oneAt = iota
	firstPageAt
	laterPageAt
	firstNamesAt
	laterNamesAt
	capacityAt
	touchAt
	addUnitAt
	recordJobAt
	createCustomerAt
	setStatusAt
	updateCustomerAt
	recordChangeAt
)

// New prepares the statements.
func New(ctx context.Context, db *sql.DB) (*Handler, error) {
	return prepare(ctx, db, []string{
		one, page("c.id", ""), page("c.id", "WHERE c.id > $1"),
		page("c.name_fold, c.id", ""), page("c.name_fold, c.id", "WHERE (c.name_fold, c.id) > ($1, $2)"),
		capacity, touch, addUnit, recordJob,
		createCustomer, setStatus, updateCustomer, recordChange,
	}, false)
}

func prepare(ctx context.Context, db *sql.DB, statements []string, lite bool) (*Handler, error) {
	h := &Handler{db: db, prepared: map[int]*sql.Stmt{}, lite: lite}
	for i, query := range statements {
		prepared, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("prepare %s: %w", query, err)
		}
		h.prepared[i] = prepared
	}
	return h, nil
}

// Routes returns the handler's routes.
func (h *Handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /one", answer(h.one))
	mux.Handle("GET /page", answer(h.page))
	mux.Handle("GET /names", answer(h.names))
	mux.Handle("GET /capacity", answer(h.capacity))
	mux.Handle("POST /add", answer(h.add))
	mux.Handle("POST /create", answer(h.create))
	mux.Handle("POST /status", answer(h.status))
	mux.Handle("POST /update", answer(h.update))
	return mux
}

func answer(make func(*http.Request) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := make(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// An error means that the client is gone.
		_, _ = w.Write(body)
	})
}

func (h *Handler) one(r *http.Request) ([]byte, error) {
	var object []byte
	err := h.prepared[oneAt].QueryRowContext(r.Context(), r.URL.Query().Get("id")).Scan(&object)
	return around(`{"data":{"customer":`, object, `}}`), err
}

func (h *Handler) capacity(r *http.Request) (result []byte, err error) {
	err = h.prepared[capacityAt].QueryRowContext(r.Context(), r.URL.Query().Get("customerguid")).Scan(&result)
	return result, err
}

func (h *Handler) page(r *http.Request) ([]byte, error) {
	query := r.URL.Query()
	if query.Has("id") {
		return h.pageOf(r, firstPageAt, laterPageAt, false, query.Get("id"))
	}
	return h.pageOf(r, firstPageAt, laterPageAt, false)
}

func (h *Handler) names(r *http.Request) ([]byte, error) {
	query := r.URL.Query()
	if query.Has("after") {
		return h.pageOf(r, firstNamesAt, laterNamesAt, true, query.Get("after"), query.Get("id"))
	}
	return h.pageOf(r, firstNamesAt, laterNamesAt, true)
}

// connection returns a page's answer; cursors in the order of names contain the name.
func connection(row *sql.Row, named bool) ([]byte, error) {
	var (
		nodes []byte
		more  bool
		last  uuid.NullUUID
		name  sql.NullString
	)
	if err := row.Scan(&nodes, &more, &last, &name); err != nil {
		return nil, err
	}
	end := "null"
	if last.Valid {
		var err error
		if end, err = position(last.UUID.String(), name.String, named); err != nil {
			return nil, err
		}
	}
	return around(`{"data":{"customers":{"nodes":`, nodes, fmt.Sprintf(`,"pageInfo":{"hasNextPage":%t,"endCursor":%s}}}}`, more, end)), nil
}

// position is the cursor of a customer, as JSON.
func position(id, name string, named bool) (string, error) {
	list, value := ent.List{Object: "Query", Field: "customers", Column: "id", Direction: "ASC"}, any(nil)
	if named {
		list.Column, value = "name_fold", name
	}
	guid, err := uuid.Parse(id)
	return `"` + ent.EncodeCursor(list.Cursor(guid, value)) + `"`, err
}

func around(before string, body []byte, after string) []byte {
	out := make([]byte, 0, len(before)+len(body)+len(after))
	return append(append(append(out, before...), body...), after...)
}

// inTx runs work in a transaction.
func (h *Handler) inTx(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := h.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
