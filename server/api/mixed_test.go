package api_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"cloudapi/server/api/apitest"
)

// TestMixedChangesEqualSeparateOnes: clients concurrently make changes of all kinds, valid and invalid, each to its own
// customer. The answers and rows equal those of a server that makes each change separately, one client after another.
func TestMixedChangesEqualSeparateOnes(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		alone := separate(t, a)
		const seed, clients, each = 7, 12, 25
		together, one := make([][]string, clients), make([][]string, clients)
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() { together[i] = newMixer(a, i).run(seed, each) })
		}
		all.Wait()
		for i := range clients {
			one[i] = newMixer(alone, i).run(seed, each)
			if difference := cmp.Diff(one[i], together[i]); difference != "" {
				t.Errorf("client %d, - alone + together:\n%s", i, difference)
			}
		}
	})
}

// mixer is a client with its own customer.
type mixer struct {
	*apitest.API
	id     int
	rand   *rand.Rand
	known  map[string]string // guids of this server by their meaning
	spaces int
	heard  []string
}

func newMixer(a *apitest.API, id int) *mixer {
	return &mixer{API: a, id: id, known: map[string]string{"nothing": uuid.NewString()}}
}

// run makes random changes, the same for the same seed, and returns the answers and the rows.
func (m *mixer) run(seed uint64, n int) []string {
	m.rand = rand.New(rand.NewPCG(seed, uint64(m.id)))
	m.send(apitest.Operator, `createCustomer(input: {name: "c"}) { customer { id version name status } job { status } }`, "customer")
	m.send(apitest.Operator, `createCloudUserGroup(input: {name: "g"}) { cloudUserGroup { id name } job { status } }`, "group")
	for range n {
		m.one()
	}
	m.query(`{ customer(id: "$customer") { name city status capacityAvailable { amount type } capacityConsumed { amount type }
		cloudUserGroups(first: 9) { nodes { name } } cloudSpaces(first: 50) { nodes { name status parent { name } } }
		jobs(first: 100) { nodes { action status error parameters } } } }`)
	return m.heard
}

// one makes one random change. Half of the kinds may fail.
func (m *mixer) one() {
	of := func(texts ...string) string { return texts[m.rand.IntN(len(texts))] }
	customer, amount := of("$customer", "$customer", "$customer", "$nothing"), strconv.Itoa(1+m.rand.IntN(9))
	login := of(apitest.Operator, apitest.Operator, apitest.Administrator, apitest.Member)
	space := of("$space0", "$space1", "$space2", "$nothing")
	switch m.rand.IntN(11) {
	case 0:
		m.send(login, `addCapacityAvailable(input: {customerId: "`+customer+`", amount: `+amount+`, type: CU}) { customer { name } capacityUnit { amount } job { status } }`, "")
	case 1:
		m.send(login, `removeCapacityAvailable(input: {customerId: "`+customer+`", type: `+of("CU", "MU")+`}) { removed job { status } }`, "")
	case 2:
		m.send(login, `setCustomerStatus(input: {customerId: "`+customer+`", status: `+of("ACTIVE", "DISABLED")+`, expectedVersion: "`+of("$version", "$nothing")+`"}) { customer { status version } }`, "customer")
	case 3:
		m.send(login, `updateCustomer(input: {customerId: "`+customer+`", city: "`+of("Ghent", `O'Neill \\ "`, strings.Repeat("é", 300))+amount+`"}) { customer { city version } job { parameters } }`, "customer")
	case 4:
		m.send(login, `addCloudUserGroup(input: {customerId: "`+customer+`", cloudUserGroupId: "`+of("$group", "$nothing")+`"}) { customer { version } cloudUserGroup { name } }`, "customer")
	case 5:
		m.send(login, `removeCloudUserGroup(input: {customerId: "`+customer+`", cloudUserGroupId: "$group"}) { customer { version } job { status } }`, "customer")
	case 6:
		m.send(login, `createCloudSpace(input: {customerId: "`+customer+`", name: "s`+amount+`", parentId: `+of("null", `"$space0"`, `"$nothing"`)+`}) { cloudSpace { id name } }`, "space"+strconv.Itoa(m.spaces%3))
		m.spaces++
	case 7:
		m.send(login, `setCloudSpaceStatus(input: {cloudSpaceId: "`+space+`", status: DISABLED}) { cloudSpace { name status } }`, "")
	case 8:
		m.send(login, `deleteCloudSpace(input: {cloudSpaceId: "`+space+`"}) { job { status } }`, "")
	case 9:
		m.send(login, `updateCloudUserGroup(input: {cloudUserGroupId: "`+of("$group", "$nothing")+`", name: "`+of("g", strings.Repeat("x", 256))+`"}) { cloudUserGroup { name } }`, "")
	case 10:
		m.send(login, `createCloudUserGroup(input: {name: "other"}) { cloudUserGroup { name } job { status } }`, "")
	}
}

// send sends a mutation, records the answer, and stores the guid in it.
func (m *mixer) send(login, mutation, remember string) {
	body := m.ask(login, "mutation { "+mutation+" }")
	m.heard = append(m.heard, mutation, plain(body))
	var answer struct {
		Data map[string]map[string]json.RawMessage
	}
	_ = json.Unmarshal([]byte(body), &answer)
	for _, payload := range answer.Data {
		var object struct{ ID, Version string }
		for _, field := range []string{"customer", "cloudUserGroup", "cloudSpace"} {
			if text, ok := payload[field]; ok && json.Unmarshal(text, &object) == nil {
				if object.ID != "" && remember != "" {
					m.known[remember] = object.ID
				}
			}
		}
		if text, ok := payload["customer"]; ok && json.Unmarshal(text, &object) == nil && object.Version != "" {
			m.known["version"] = object.Version
		}
	}
}

func (m *mixer) query(text string) {
	m.heard = append(m.heard, plain(m.ask(apitest.Administrator, text)))
}

func (m *mixer) ask(login, text string) string {
	for name, id := range m.known {
		text = strings.ReplaceAll(text, "$"+name, id)
	}
	for _, name := range []string{"space0", "space1", "space2"} {
		text = strings.ReplaceAll(text, "$"+name, m.known["nothing"])
	}
	return m.Query(login, text, nil).Body
}
