package conformance_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/internal/dev/pgtest"
	"cloudapi/server/api"
	"cloudapi/server/api/apitest"
)

// change is a mutation with a generated input. Handles stand for the guids of objects, which differ between the databases.
type change struct {
	field *ast.FieldDefinition
	input map[string]any
}

type handle struct {
	kind string
	n    int
}

// changes generates mutations.
type changes struct {
	t      *testing.T
	schema *ast.Schema
	rnd    *rand.Rand
	// made has the guids of the created objects, on each database, by kind: the name of the payload's field.
	made []map[string][]string
}

// draw generates the input of a mutation. Most inputs are valid.
func (c *changes) draw(f *ast.FieldDefinition) change {
	input := map[string]any{}
	for _, in := range c.schema.Types[f.Arguments.ForName("input").Type.Name()].Fields {
		if in.Name == "execution" || in.Name == "expectedVersion" || !in.Type.NonNull && c.rnd.IntN(2) == 0 {
			continue
		}
		input[in.Name] = c.value(f.Name, in)
	}
	if f.Name == "registerDomain" && c.rnd.IntN(2) == 0 {
		// Nobody works on the job: it waits until it is cancelled.
		input["execution"] = map[string]any{"params": map[string]any{"wait": false}}
	}
	return change{f, input}
}

// entries generates the value of a list field: up to three entries, without lists in them.
func (c *changes) entries(mutation string, in *ast.FieldDefinition) any {
	list := []any{}
	for range 1 + c.rnd.IntN(3) {
		one := *in
		one.Type, one.Name = in.Type.Elem, strings.TrimSuffix(in.Name, "s")
		typ := c.schema.Types[one.Type.Name()]
		if typ.Kind != ast.InputObject {
			list = append(list, c.value(mutation, &one))
			continue
		}
		entry := map[string]any{}
		for _, f := range typ.Fields {
			if f.Name == "expectedVersion" || f.Type.Elem != nil || !f.Type.NonNull && c.rnd.IntN(2) == 0 {
				continue
			}
			entry[f.Name] = c.value(mutation, f)
		}
		list = append(list, entry)
	}
	return list
}

func (c *changes) value(mutation string, in *ast.FieldDefinition) any {
	typ := c.schema.Types[in.Type.Name()]
	switch {
	case in.Type.Elem != nil:
		return c.entries(mutation, in)
	case typ.Kind == ast.Enum:
		return typ.EnumValues[c.rnd.IntN(2)].Name
	case in.Name == "resourceGroupId" || in.Name == "retentionPolicyId":
		return guid(c.rnd.IntN(3))
	case typ.Name == "ID":
		kind := strings.TrimSuffix(in.Name, "Id")
		if kind == "memberCloudUserGroup" {
			kind = "cloudUserGroup"
		}
		if kind == "parent" {
			kind = "cloudSpace"
		}
		if c.made[0][kind] == nil {
			return guid(9)
		}
		// The first few are used repeatedly, the others are deleted.
		n := len(c.made[0][kind])
		if few := min(n, 2); !strings.HasPrefix(mutation, "delete") {
			return handle{kind, c.rnd.IntN(few)}
		}
		if n <= 2 {
			return guid(9)
		}
		return handle{kind, 2 + c.rnd.IntN(n-2)}
	case typ.Name == "Secret" && strings.Contains(strings.ToLower(mutation), "domain"):
		return apitest.PortalSecret
	case typ.Name == "Secret":
		return apitest.Password
	case typ.Name == "Boolean":
		return c.rnd.IntN(2) == 0
	case typ.Name == "Amount":
		return 1 + c.rnd.IntN(100)
	case in.Name == "username" && strings.Contains(strings.ToLower(mutation), "domain"):
		return apitest.PortalAccount
	case in.Name == "login" && mutation == "signIn":
		return apitest.Operator
	case in.Name == "domain":
		return fmt.Sprintf("d%d.example", c.rnd.IntN(3))
	case typ.Name == "String" && in.Name == "email":
		return "a@b.example"
	case typ.Name == "String" || typ.Name == "Time":
		if typ.Name == "Time" {
			return "2030-01-02T03:04:05.000006Z"
		}
		return fmt.Sprintf("%s%d", in.Name, c.rnd.IntN(12))
	}
	c.t.Fatalf("the test does not know what to give as %s of %s, a %s", in.Name, mutation, in.Type)
	return nil
}

// resolve replaces handles by a database's guids.
func (c *changes) resolve(db int, input map[string]any) map[string]any {
	all := map[string]any{}
	for name, v := range input {
		all[name] = c.resolved(db, v)
	}
	return all
}

func (c *changes) resolved(db int, v any) any {
	switch v := v.(type) {
	case handle:
		return c.made[db][v.kind][v.n]
	case map[string]any:
		return c.resolve(db, v)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = c.resolved(db, e)
		}
		return list
	}
	return v
}

// selected returns all fields of a payload without arguments, to a depth.
func selected(s *ast.Schema, typ string, depth int) string {
	var parts []string
	for _, f := range s.Types[typ].Fields {
		of := s.Types[f.Type.Name()]
		switch {
		case slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return a.Type.NonNull && a.DefaultValue == nil }):
		case !of.IsCompositeType():
			parts = append(parts, f.Name)
		case strings.HasSuffix(of.Name, "Connection"):
			parts = append(parts, f.Name+" { totalCount }")
		case depth > 0:
			parts = append(parts, f.Name+" { "+selected(s, of.Name, depth-1)+" }")
		}
	}
	if len(parts) == 0 {
		return "__typename"
	}
	return strings.Join(parts, " ")
}

var (
	guids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)
	token = regexp.MustCompile(`"token":"[^"]+"`)
)

// comparable returns an answer without differences between databases: a guid becomes the number of its first occurrence.
func comparable(body string) any {
	seen := map[string]string{}
	body = guids.ReplaceAllStringFunc(body, func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("#%d", len(seen))
		}
		return seen[id]
	})
	body = token.ReplaceAllString(times.ReplaceAllString(body, "T"), `"token":"t"`)
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return body
	}
	delete(v, "extensions")
	return v
}

// TestMutationsAgree makes the same random changes on both databases: the answers of every mutation agree, and afterwards
// the lists match the model.
func TestMutationsAgree(t *testing.T) {
	rnd := random(t)
	withoutWorkers := func(o *api.Options) { o.JobWorkers = -1 }
	databases := []path{
		{"PostgreSQL", apitest.New(t, pgtest.URL(t), withoutWorkers)},
		{"SQLite", apitest.New(t, "sqlite://"+t.TempDir()+"/test.db", withoutWorkers)},
	}
	w := &world{schema: schema()}
	c := &changes{t, w.schema, rnd, []map[string][]string{{}, {}}}
	all := w.schema.Mutation.Fields
	succeeded := map[string]bool{}
	missing := func() (names []string) {
		for _, f := range all {
			// Signing out ends a session; those who sign in by a password have none.
			if !succeeded[f.Name] && f.Name != "signOut" {
				names = append(names, f.Name)
			}
		}
		return names
	}
	for n := 0; n < 6*len(all) || n < 60*len(all) && len(missing()) > 0; n++ {
		f := all[n%len(all)]
		if strings.HasPrefix(f.Name, "delete") && rnd.IntN(3) > 0 {
			continue
		}
		one := c.draw(f)
		query := "mutation($in: " + f.Arguments.ForName("input").Type.String() + ") { x: " + f.Name + "(input: $in) { " + selected(w.schema, f.Type.Name(), 1) + " } }"
		bodies := make([]string, len(databases))
		for i, db := range databases {
			bodies[i] = db.api.Query(apitest.Administrator, query, map[string]any{"in": c.resolve(i, one.input)}).Body
		}
		if diff := cmp.Diff(comparable(bodies[0]), comparable(bodies[1])); diff != "" {
			t.Fatalf("%s(%v): PostgreSQL (-) and SQLite (+) differ:\n%s", f.Name, one.input, diff)
		}
		if !strings.Contains(bodies[0], `"errors"`) {
			succeeded[f.Name] = true
			c.note(f.Name, bodies)
		}
	}
	if names := missing(); len(names) > 0 {
		t.Errorf("never succeeded: %v", names)
	}
	for _, db := range databases {
		after := &world{schema: w.schema, paths: []path{db}}
		after.load(t)
		m := &model{t, after}
		d := &drawer{w: after, m: m, rnd: rnd, seen: map[string]bool{}}
		for range 3 {
			for _, l := range m.lists() {
				if l.parent != "Query" && len(after.rows[tableOf[l.parent]]) == 0 || len(after.rows[tableOf[l.of]]) == 0 {
					continue
				}
				r, places := d.request(l)
				if told := m.differs(r, places); told != "" {
					t.Errorf("after the changes:\n%s", told)
				}
			}
		}
	}
}

// note keeps the guids of what a mutation has made, and of jobs that wait.
func (c *changes) note(mutation string, bodies []string) {
	for i, body := range bodies {
		var answer struct {
			Data struct {
				X map[string]json.RawMessage
			}
		}
		// The answer was already compared.
		_ = json.Unmarshal([]byte(body), &answer)
		for kind, raw := range answer.Data.X {
			var object struct{ ID, Status string }
			made := strings.HasPrefix(mutation, "create") && kind != "job"
			waits := mutation == "registerDomain" && kind == "job"
			if json.Unmarshal(raw, &object) == nil && object.ID != "" && (made || waits && object.Status == "WAITING") {
				c.made[i][kind] = append(c.made[i][kind], object.ID)
			}
		}
	}
}
