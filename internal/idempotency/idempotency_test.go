package idempotency_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"cloudapi/ent/clouduser"
	"cloudapi/internal/dev/pgtest"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// TestStillRunningIsAConflict: if another transaction holds the key for longer than the lock timeout, the request fails with
// CONFLICT.
func TestStillRunningIsAConflict(t *testing.T) {
	a := apitest.New(t, pgtest.URL(t)+"&lock_timeout=300ms")
	ctx := viewer.SystemContext(context.WithoutCancel(t.Context()))
	user, err := a.Client.CloudUser.Query().Where(clouduser.Login(apitest.Operator)).Only(ctx)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := a.Client.Tx(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = tx.IdempotencyKey.Create().SetUserID(user.ID).SetKey("k").SetRequestHash([]byte("other")).Exec(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const create = `mutation { createCustomer(input: {name: "c"}) { job { id } } }`
	running := a.Query(apitest.Operator, create, nil, "Idempotency-Key", "k")
	if !strings.Contains(running.Body, `"code":"CONFLICT"`) || !strings.Contains(running.Body, "still under way") {
		t.Errorf("while it runs: %d %s", running.Status, running.Body)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	done := a.Query(apitest.Operator, create, nil, "Idempotency-Key", "k")
	if done.Status != http.StatusOK || strings.Contains(done.Body, "errors") {
		t.Errorf("after it: %d %s", done.Status, done.Body)
	}
}
