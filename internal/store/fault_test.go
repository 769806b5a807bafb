package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"cloudapi/internal/fault"
	"cloudapi/internal/store"
)

func TestErrorsBecomeFaults(t *testing.T) {
	answer := func(code pqerror.Code) error {
		return fmt.Errorf("wrapped: %w", &pq.Error{Code: code, Message: "secret detail"})
	}
	for name, c := range map[string]struct {
		err   error
		code  fault.Code
		retry bool
	}{
		"unique":                {answer("23505"), fault.Conflict, false},
		"exclusion":             {answer("23P01"), fault.Conflict, false},
		"foreign key":           {answer("23503"), fault.Conflict, false},
		"check":                 {answer("23514"), fault.Invalid, false},
		"not null":              {answer("23502"), fault.Invalid, false},
		"serialization":         {answer("40001"), fault.Conflict, true},
		"deadlock":              {answer("40P01"), fault.Conflict, true},
		"statement timeout":     {answer("57014"), fault.Timeout, false},
		"lock timeout":          {answer("55P03"), fault.Timeout, false},
		"overflow":              {answer("22003"), fault.Invalid, false},
		"not in the encoding":   {answer("22021"), fault.Invalid, false},
		"disk full":             {answer("53100"), fault.Unavailable, true},
		"too many clients":      {answer("53300"), fault.Unavailable, true},
		"shutting down":         {answer("57P01"), fault.Unavailable, true},
		"crashing":              {answer("57P02"), fault.Unavailable, true},
		"starting up":           {answer("57P03"), fault.Unavailable, true},
		"idle in transaction":   {answer("25P03"), fault.Unavailable, true},
		"no primary any more":   {answer("25006"), fault.Unavailable, true},
		"connection failure":    {answer("08006"), fault.Unavailable, true},
		"I/O error":             {answer("58030"), fault.Unavailable, true},
		"bad connection":        {driver.ErrBadConn, fault.Unavailable, true},
		"connection returned":   {sql.ErrConnDone, fault.Unavailable, true},
		"refused":               {&net.OpError{Op: "dial", Err: os.ErrPermission}, fault.Unavailable, true},
		"silent":                {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, fault.Unavailable, true},
		"deadline":              {context.DeadlineExceeded, fault.Timeout, false},
		"cancelled":             {fmt.Errorf("wrapped: %w", context.Canceled), fault.Timeout, false},
		"rolled back meanwhile": {fmt.Errorf("wrapped: %w", sql.ErrTxDone), fault.Timeout, false},
		"syntax, our own fault": {answer("42601"), fault.Internal, false},
		"something else":        {errors.New("secret detail"), fault.Internal, false},
		"a fault already":       {fault.New(fault.Forbidden, "No."), fault.Forbidden, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := store.Fault(c.err)
			f := fault.As(err)
			if f.Code != c.code || f.RetryAfter > 0 != c.retry {
				t.Errorf("%v, retry after %v", f.Code, f.RetryAfter)
			}
			if strings.Contains(f.Message, "secret") {
				t.Errorf("tells %q", f.Message)
			}
			if !errors.Is(err, c.err) {
				t.Error("the cause is lost")
			}
		})
	}
	if err := store.Fault(nil); err != nil {
		t.Errorf("nil becomes %v", err)
	}
}

func TestTheDatabasesErrorsBecomeFaults(t *testing.T) {
	onBoth(t, func(t *testing.T, s *store.Store) {
		mustExec(t, s, "CREATE TABLE owners (id bigint PRIMARY KEY, name text UNIQUE)")
		mustExec(t, s, `CREATE TABLE things (id bigint PRIMARY KEY,
			owner_id bigint NOT NULL REFERENCES owners (id), amount bigint CHECK (amount > 0))`)
		mustExec(t, s, "INSERT INTO owners (id, name) VALUES (1, 'secret')")
		mustExec(t, s, "INSERT INTO things (id, owner_id, amount) VALUES (1, 1, 1)")
		for name, c := range map[string]struct {
			query string
			code  fault.Code
		}{
			"unique":      {"INSERT INTO owners (id, name) VALUES (2, 'secret')", fault.Conflict},
			"primary key": {"INSERT INTO owners (id, name) VALUES (1, 'other')", fault.Conflict},
			"no parent":   {"INSERT INTO things (id, owner_id, amount) VALUES (2, 9, 1)", fault.Conflict},
			"has child":   {"DELETE FROM owners WHERE id = 1", fault.Conflict},
			"check":       {"UPDATE things SET amount = 0", fault.Invalid},
			"not null":    {"UPDATE things SET owner_id = NULL", fault.Invalid},
		} {
			t.Run(name, func(t *testing.T) {
				err := exec(t.Context(), s, c.query)
				f := fault.As(store.Fault(err))
				if f.Code != c.code {
					t.Errorf("%v: %v", f.Code, err)
				}
				if strings.Contains(f.Message, "secret") || strings.Contains(f.Message, "owners") {
					t.Errorf("tells %q", f.Message)
				}
			})
		}
		want(t, s, []int64{1}, "SELECT count(*) FROM things")
	})
}
