package main

import (
	"encoding/json"
	"net/url"
	"strconv"

	"cloudapi/internal/dev/bench/load"
)

// changes are the rows that change the database: the server by GraphQL or by an old URL, compared with the bare handler that
// makes the same change with the same job.
func (b *bed) changes(key string) (row, bool) {
	for _, c := range []struct {
		key, title, mutation, method, bare string
		goal                               float64
		input                              func(i int) map[string]any
	}{
		{"add", "mutation addCapacityAvailable", "addCapacityAvailable", "", "/add", 2, addition},
		{"oldadd", "old URL addCapacityAvailable", "", "addCapacityAvailable", "/add", 2, addition},
		{"create", "mutation createCustomer", "createCustomer", "", "/create", 1.3, named},
		{"oldcreate", "old URL create", "", "create", "/create", 1.3, named},
		{"status", "mutation setCustomerStatus", "setCustomerStatus", "", "/status", 1.3, status},
		{"oldstatus", "old URL setStatus", "", "setStatus", "/status", 1.3, status},
		{"update", "mutation updateCustomer", "updateCustomer", "", "/update", 1.3, named},
		{"oldupdate", "old URL updateModelProperties", "", "updateModelProperties", "/update", 1.3, named},
	} {
		if c.key != key {
			continue
		}
		var server, bare []load.Request
		for i, id := range b.small.ids {
			input := c.input(i)
			if c.bare != "/create" {
				input["customerId"] = id
			}
			body, err := json.Marshal(input)
			if err != nil {
				panic(err) // strings and numbers can always be encoded
			}
			bare = append(bare, load.Request{Method: "POST", Path: c.bare, Body: string(body)})
			if c.mutation != "" {
				server = append(server, b.small.graphQL(i, mutation(c.mutation), map[string]any{"input": input}))
			} else {
				server = append(server, b.small.oldURL(i, c.method, input))
			}
		}
		made := b.against(c.key, c.title, c.goal, server, bare, false)
		made.undo = b.small.undo
		return made, true
	}
	return row{}, false
}

func addition(i int) map[string]any {
	return map[string]any{"amount": 1 + i, "type": "CU", "name": "Measured"}
}

func named(i int) map[string]any {
	return map[string]any{"name": "Measured " + strconv.Itoa(i), "city": "Ghent"}
}

func status(i int) map[string]any {
	return map[string]any{"status": []string{"ACTIVE", "CONFIGURED", "DISABLED"}[i%3]}
}

// mutation returns a document that makes a change and selects typical fields.
func mutation(name string) string {
	if name == "addCapacityAvailable" {
		return addMutation
	}
	input := map[string]string{"createCustomer": "CreateCustomerInput", "setCustomerStatus": "SetCustomerStatusInput", "updateCustomer": "UpdateCustomerInput"}[name]
	return "mutation($input: " + input + "!) { " + name + "(input: $input) { customer { id version name status } job { id } } }"
}

// oldURL returns a request of the n-th caller to the old URL of a method.
func (d *data) oldURL(n int, method string, input map[string]any) load.Request {
	query := url.Values{}
	for name, value := range input {
		text, _ := value.(string)
		switch v := value.(type) {
		case int:
			text = strconv.Itoa(v)
		case interface{ String() string }:
			text = v.String()
		}
		query.Set(map[string]string{"customerId": "customerguid", "type": "capacityunittype"}[name], text)
		if query.Has("") {
			query.Set(name, query.Get(""))
			query.Del("")
		}
	}
	return load.Request{Method: "GET", Path: "/appserver/rest/cloud_api_customer/" + method + "?" + query.Encode(), Authorization: d.credentials(n)}
}
