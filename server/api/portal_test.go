package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"cloudapi/internal/model"
	"cloudapi/internal/password"
	"cloudapi/internal/secret"
	"cloudapi/internal/viewer"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// TestEqualPortalCredentialsAreVerifiedOnce registers forty domains at once with a hasher of one hash at a time: none fails
// with RATE_LIMITED, and one hash was computed.
func TestEqualPortalCredentialsAreVerifiedOnce(t *testing.T) {
	hasher := password.NewHasher(password.Recommended(), 1)
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", func(o *api.Options) { o.Passwords = hasher })
	ctx := viewer.SystemContext(t.Context())
	id := a.Customer(t, "c")
	customer, err := a.Client.Customer.Query().Only(ctx)
	if err != nil {
		t.Fatal(err)
	}
	before := hasher.Stats().Done
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			_, err := a.Customers.RegisterDomain(ctx, model.RegisterDomainInput{
				CustomerID: customer.ID, Username: apitest.PortalAccount, Password: secret.New(apitest.PortalSecret), Domain: fmt.Sprintf("d%d.example", i),
			})
			if err != nil {
				t.Errorf("domain %d of %s: %v", i, id, err)
			}
		})
	}
	all.Wait()
	if made := hasher.Stats().Done - before; made != 1 {
		t.Errorf("%d hashes for equal credentials", made)
	}
}

// TestPortalPasswordsAreNotGuessed: a caller who guesses is slowed down, others are not; a new password is valid at once.
func TestPortalPasswordsAreNotGuessed(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		id := a.Customer(t, "c")
		n := 0
		register := func(login, password string) string {
			n++
			return a.Query(login, registerDomain, map[string]any{"in": map[string]any{
				"customerId": id, "username": apitest.PortalAccount, "password": password, "domain": fmt.Sprintf("g%d.example", n),
			}}).Body
		}
		if right := register(apitest.Operator, apitest.PortalSecret); strings.Contains(right, "errors") {
			t.Fatal(right)
		}
		refused := 0
		for i := range 12 {
			if strings.Contains(register(apitest.Operator, fmt.Sprintf("guess %d", i)), `"code":"RATE_LIMITED"`) {
				refused++
			}
		}
		if refused < 5 {
			t.Errorf("%d of 12 guesses were refused", refused)
		}
		if other := register(apitest.Administrator, apitest.PortalSecret); strings.Contains(other, "errors") {
			t.Errorf("another caller: %s", other)
		}
		account, err := a.Client.PortalAccount.Query().Only(viewer.SystemContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		set := a.Query(apitest.Administrator, `mutation($id: ID!) { setPortalAccountPassword(input: {portalAccountId: $id, password: "another secret"}) { job { id } } }`,
			map[string]any{"id": account.ID.String()})
		if strings.Contains(set.Body, "errors") {
			t.Fatal(set.Body)
		}
		if old := register(apitest.Administrator, apitest.PortalSecret); !strings.Contains(old, `"code":"BAD_USER_INPUT"`) {
			t.Errorf("the old password still counts: %s", old)
		}
	})
}
