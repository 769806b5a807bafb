package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// change is one change by a client. Its mark is unique, and is found again in the rows that it creates and in its job's row.
type change struct {
	mark     string
	key      string // Idempotency-Key, "" for none
	action   string
	graphQL  bool
	customer string
	amount   int64
	name     string // of a domain or a customer
}

// maker generates changes.
type maker struct {
	rand      *rand.Rand
	customers []string
}

var capacityTypes = []string{"CU", "LV", "MU", "NBU", "NUIPPORTS", "NUM", "SUA", "SUP", "WV"}

// next generates a change: mostly capacity, sometimes a domain or a customer; on either face; three of four with a key.
func (m *maker) next() change {
	c := change{
		graphQL: m.rand.IntN(2) == 0, customer: m.customers[m.rand.IntN(len(m.customers))],
		// Small amounts could occur twice by chance.
		amount: 1<<52 + m.rand.Int64N(1<<52),
	}
	if m.rand.IntN(4) > 0 {
		c.key = fmt.Sprintf("%016x%016x", m.rand.Uint64(), m.rand.Uint64())
	}
	unique := fmt.Sprintf("%016x%08x", m.rand.Uint64(), m.rand.Uint32())
	switch m.rand.IntN(16) {
	case 0:
		c.action, c.name = "createCustomer", "customer "+unique
		c.mark = c.name
	case 1, 2:
		c.action, c.name = "registerDomain", "d"+unique+".example"
		c.mark = c.name
	case 3, 4, 5, 6, 7:
		c.action, c.mark = "addCapacityConsumed", "CONSUMED "+strconv.FormatInt(c.amount, 10)
	default:
		c.action, c.mark = "addCapacityAvailable", "AVAILABLE "+strconv.FormatInt(c.amount, 10)
	}
	return c
}

// The account at the test's portal.
const (
	portalUser     = "portal user"
	portalPassword = "portal password"
)

// send sends the change to a server.
func (c change) send(ctx context.Context, by *client, base string) answer {
	kind := capacityTypes[c.amount%int64(len(capacityTypes))]
	amount := strconv.FormatInt(c.amount, 10)
	switch {
	case c.graphQL:
		return c.mutate(ctx, by, base, kind)
	case c.action == "createCustomer":
		return by.old(ctx, base, c.key, "create", "name", c.name)
	case c.action == "registerDomain":
		return by.old(ctx, base, c.key, "registerDomain", "customerguid", c.customer, "domain", c.name,
			"username", portalUser, "password", portalPassword)
	default:
		return by.old(ctx, base, c.key, c.action, "customerguid", c.customer, "amount", amount,
			"capacityunittype", kind)
	}
}

func (c change) mutate(ctx context.Context, by *client, base, kind string) answer {
	input := map[string]any{"customerId": c.customer}
	typeName := "AddCapacityAvailableInput"
	switch c.action {
	case "createCustomer":
		typeName, input = "CreateCustomerInput", map[string]any{"name": c.name}
	case "registerDomain":
		typeName = "RegisterDomainInput"
		input["domain"], input["username"], input["password"] = c.name, portalUser, portalPassword
	case "addCapacityConsumed":
		typeName = "AddCapacityConsumedInput"
		fallthrough
	default:
		input["amount"], input["type"] = c.amount, kind
	}
	return by.query(ctx, base, c.key,
		"mutation($input: "+typeName+"!) { "+c.action+"(input: $input) { job { id } } }", "input", input)
}
