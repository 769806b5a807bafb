package faults

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/tidwall/gjson"
)

// op is a client's request to a register; outcome is its answer.
type op struct{ what, argument, of string }

type told struct {
	ok    bool
	value string // the value that was read, or the result of the change
}

// model makes a porcupine model from a step, which returns the next state, and whether the answer is possible in the current
// state. States are texts.
func model(initial string, step func(state string, asked op, got told) (bool, string)) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, output any) (bool, any) {
			s, isText := state.(string)
			asked, isOp := input.(op)
			got, isTold := output.(told)
			if !isText || !isOp || !isTold {
				return false, state
			}
			return step(s, asked, got)
		},
	}
}

// outcomeOf distinguishes success, refusal for a reason that depends on the state, and other answers.
func outcomeOf(a answer, refusal ...string) (told, error) {
	if a.ok() {
		return told{ok: true}, nil
	}
	if a.Err == nil && slices.Contains(refusal, a.Code) {
		return told{}, nil
	}
	return told{}, fmt.Errorf("%s", a)
}

// result returns a value of the answer, by its path.
func (a answer) result(path string) string { return gjson.Get(a.Body, path).String() }

// capacityRegister is the available capacity of two types of one customer: clients add units, remove all of a type, and read
// everything.
func capacityRegister(w *world, _ int) register {
	customer := w.newCustomer(w.t)
	m := model("", func(state string, asked op, got told) (bool, string) {
		units := strings.Fields(state)
		switch asked.what {
		case "add":
			units = append(units, asked.argument)
			slices.Sort(units)
			return got.ok, strings.Join(units, " ")
		case "remove":
			left := slices.DeleteFunc(slices.Clone(units), func(u string) bool { return strings.HasPrefix(u, asked.argument+":") })
			return got.ok == (len(left) < len(units)), strings.Join(left, " ")
		default:
			return got.value == state, state
		}
	})
	return register{name: "capacity", model: m, ask: func(ctx context.Context, by contender) (any, any, error) {
		return by.capacity(ctx, customer)
	}}
}

func (by contender) capacity(ctx context.Context, customer string) (op, told, error) {
	kind := []string{"CU", "MU"}[by.rand.IntN(2)]
	switch by.rand.IntN(5) {
	case 0:
		a := by.client.old(ctx, by.base, "", "removeCapacityAvailable", "customerguid", customer, "capacityunittype", kind)
		got, err := outcomeOf(a, "Invalid request")
		return op{what: "remove", argument: kind}, got, err
	case 1, 2:
		amount := strconv.FormatInt(1+by.rand.Int64N(1<<52), 10)
		a := by.client.old(ctx, by.base, "", "addCapacityAvailable", "customerguid", customer, "capacityunittype", kind, "amount", amount)
		got, err := outcomeOf(a)
		return op{what: "add", argument: kind + ":" + amount}, got, err
	default:
		a := by.client.query(ctx, by.base, "", `query($id: ID!) { customer(id: $id) { capacityAvailable { type amount } } }`, "id", customer)
		got, err := outcomeOf(a)
		var units []string
		for _, u := range gjson.Get(a.Body, "data.customer.capacityAvailable").Array() {
			units = append(units, u.Get("type").String()+":"+u.Get("amount").String())
		}
		slices.Sort(units)
		got.value = strings.Join(units, " ")
		return op{what: "read"}, got, err
	}
}

// domainRegister is the owner of one domain: each client registers it for its own customer, unregisters it, and reads the
// owner.
func domainRegister(_ *world, round int) register {
	domain := fmt.Sprintf("contended%d.example", round)
	m := model("", func(state string, asked op, got told) (bool, string) {
		switch {
		case asked.what == "register" && got.ok:
			return state == "", asked.of
		case asked.what == "register":
			return state != "", state
		case asked.what == "unregister" && got.ok:
			return state == asked.of, ""
		case asked.what == "unregister":
			return state != asked.of, state
		default:
			return got.value == state, state
		}
	})
	return register{name: "domain", model: m, ask: func(ctx context.Context, by contender) (any, any, error) {
		return by.domain(ctx, domain)
	}}
}

func (by contender) domain(ctx context.Context, domain string) (op, told, error) {
	arguments := []string{"customerguid", by.customer, "domain", domain, "username", portalUser, "password", portalPassword}
	switch by.rand.IntN(4) {
	case 0:
		got, err := outcomeOf(by.client.old(ctx, by.base, "", "unregisterDomain", arguments...), "Invalid request")
		return op{what: "unregister", of: by.customer}, got, err
	case 1, 2:
		got, err := outcomeOf(by.client.old(ctx, by.base, "", "registerDomain", arguments...), "Conflict")
		return op{what: "register", of: by.customer}, got, err
	default:
		a := by.client.query(ctx, by.base, "", `query($name: String!) { domain(name: $name) { customer { id } } }`, "name", domain)
		got, err := outcomeOf(a, "NOT_FOUND")
		got.value = a.result("data.domain.customer.id")
		return op{what: "read"}, got, err
	}
}

// versionRegister is the version of a customer: each client changes the customer if it still has the version that the client
// knows.
func versionRegister(w *world, _ int) register {
	customer := w.newCustomer(w.t)
	first, err := w.readVersion(context.Background(), w.bases[0], customer)
	if err != nil {
		w.t.Fatal(err)
	}
	m := model(first.value, func(state string, asked op, got told) (bool, string) {
		switch {
		case asked.what == "read":
			return got.value == state, state
		case got.ok:
			return state == asked.argument, got.value
		default:
			return state != asked.argument, state
		}
	})
	return register{name: "version", model: m, ask: func(ctx context.Context, by contender) (any, any, error) {
		known := by.remember[customer]
		if known == "" || by.rand.IntN(3) == 0 {
			got, err := by.readVersion(ctx, by.base, customer)
			by.remember[customer] = got.value
			return op{what: "read"}, got, err
		}
		a := by.client.query(ctx, by.base, "", `mutation($id: ID!, $version: ID!, $status: CustomerStatus!) {
			setCustomerStatus(input: {customerId: $id, expectedVersion: $version, status: $status}) { customer { version } } }`,
			"id", customer, "version", known, "status", []string{"ACTIVE", "DISABLED"}[by.rand.IntN(2)])
		got, err := outcomeOf(a, "CONFLICT")
		got.value = a.result("data.setCustomerStatus.customer.version")
		by.remember[customer] = got.value
		return op{what: "set", argument: known}, got, err
	}}
}

func (w *world) readVersion(ctx context.Context, base, customer string) (told, error) {
	a := w.client.query(ctx, base, "", `query($id: ID!) { customer(id: $id) { version } }`, "id", customer)
	got, err := outcomeOf(a)
	got.value = a.result("data.customer.version")
	return got, err
}

// TestModelsRefuse: a model that accepted every history would be useless.
func TestModelsRefuse(t *testing.T) {
	stale := []porcupine.Operation{
		{Input: op{what: "register", of: "a"}, Output: told{ok: true}, Call: 1, Return: 2},
		{Input: op{what: "read"}, Output: told{ok: true, value: ""}, Call: 3, Return: 4},
	}
	twice := []porcupine.Operation{
		{Input: op{what: "register", of: "a"}, Output: told{ok: true}, Call: 1, Return: 4},
		{Input: op{what: "register", of: "b"}, Output: told{ok: true}, Call: 2, Return: 3},
	}
	for name, history := range map[string][]porcupine.Operation{"a stale read": stale, "two owners": twice} {
		if porcupine.CheckOperations(domainRegister(nil, 0).model, history) {
			t.Errorf("%s is found in order", name)
		}
	}
}
