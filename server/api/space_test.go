package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cloudapi/server/api/apitest"
)

// TestParentOfACloudSpace: the space in which one is created must exist (404) and be the same customer's (400).
func TestParentOfACloudSpace(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		create := func(customer, parent string) apitest.Answer {
			return a.Get(apitest.Operator, "cloud_api_cloudspace/create?name=s&customerguid="+customer+"&parentcloudspaceguid="+parent)
		}
		first, second := a.Customer(t, "first"), a.Customer(t, "second")
		var parent struct{ Result string }
		if err := json.Unmarshal([]byte(create(first, "").Body), &parent); err != nil {
			t.Fatal(err)
		}
		if got := create(first, parent.Result); got.Status != 200 {
			t.Errorf("in a space of the customer: %d %s", got.Status, got.Body)
		}
		if got := create(second, parent.Result); got.Status != 400 || !strings.Contains(got.Body, parent.Result) {
			t.Errorf("in a space of another customer: %d %s", got.Status, got.Body)
		}
		never := "12345678-1234-4234-8234-123456789abc"
		if got := create(first, never); got.Status != 404 || !strings.Contains(got.Body, "cloudspace with guid "+never+" not found.") {
			t.Errorf("in a space that does not exist: %d %s", got.Status, got.Body)
		}
	})
}
