package genqlient_test

import (
	"net/http/httptest"
	"testing"

	"github.com/tidwall/gjson"

	"cloudapi/docs/clients/genqlient"
	"cloudapi/server/api/apitest"
)

// TestGenqlient finds a customer by nested filters and changes it, with the generated functions.
func TestGenqlient(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/test.db")
	server := httptest.NewServer(a.Handler)
	defer server.Close()
	for _, name := range []string{"one", "two", "three"} {
		a.Customer(t, name)
	}
	made := a.Query(apitest.Administrator, `mutation { createAccessToken(input: {name: "genqlient"}) { token } }`, nil)
	client := genqlient.NewClient(server.URL+"/graphql", gjson.Get(made.Body, "data.createAccessToken.token").String())
	ctx := t.Context()

	where := &genqlient.CustomerWhereInput{Not: &genqlient.CustomerWhereInput{Or: []*genqlient.CustomerWhereInput{
		{Name: new("one")}, {And: []*genqlient.CustomerWhereInput{{NameContains: new("t")}, {Not: &genqlient.CustomerWhereInput{NameContains: new("wo")}}}},
	}}}
	found, err := genqlient.Customers(ctx, client, nil, nil, where)
	if err != nil || len(found.Customers.Nodes) != 1 || found.Customers.Nodes[0].Name != "two" {
		t.Fatalf("%v, %+v", err, found)
	}
	two := found.Customers.Nodes[0]
	if two.CreatedAt.IsZero() {
		t.Error("no time of creation")
	}
	none, err := genqlient.Customers(ctx, client, nil, nil, &genqlient.CustomerWhereInput{IdIn: []string{}})
	if err != nil || len(none.Customers.Nodes) != 0 {
		t.Errorf("an empty list is met by %+v, %v", none, err)
	}

	change := &genqlient.UpdateCustomerInput{CustomerId: two.Id, ExpectedVersion: &two.Version, Name: new("changed")}
	changed, err := genqlient.UpdateCustomer(ctx, client, change)
	if err != nil || changed.UpdateCustomer.Customer.Name != "changed" {
		t.Fatalf("%v, %+v", err, changed)
	}
	if _, err := genqlient.UpdateCustomer(ctx, client, change); genqlient.Code(err) != "CONFLICT" {
		t.Errorf("a second change of the same version: %v", err)
	}
}
