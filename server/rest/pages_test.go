package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"cloudapi/ent"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// More than two pages of 500.
const many = 1003

// made creates many objects and returns their guids in the order of creation.
func made[B any](t *testing.T, build func(i int) B, save func(ctx context.Context, all []B) ([]uuid.UUID, error)) []string {
	t.Helper()
	ctx := viewer.SystemContext(t.Context())
	var guids []string
	for i := 0; i < many; {
		var some []B
		for ; i < many && len(some) < 250; i++ {
			some = append(some, build(i))
		}
		ids, err := save(ctx, some)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			guids = append(guids, id.String())
		}
	}
	return guids
}

func ids[E any](all []E, err error, id func(E) uuid.UUID) ([]uuid.UUID, error) {
	out := make([]uuid.UUID, 0, len(all))
	for _, e := range all {
		out = append(out, id(e))
	}
	return out, err
}

func manyCustomers(t *testing.T, a *apitest.API) []string {
	t.Helper()
	return made(t, func(i int) *ent.CustomerCreate {
		name := fmt.Sprintf("customer %d", i)
		return a.Client.Customer.Create().SetName(name).SetNameFold(name)
	}, func(ctx context.Context, some []*ent.CustomerCreate) ([]uuid.UUID, error) {
		all, err := a.Client.Customer.CreateBulk(some...).Save(ctx)
		return ids(all, err, func(c *ent.Customer) uuid.UUID { return c.ID })
	})
}

// TestPages: lists longer than a page are complete and in order.
func TestPages(t *testing.T) {
	apitest.Each(t, func(t *testing.T, a *apitest.API) {
		customers := manyCustomers(t, a)
		compare(t, "find", customers, a.Result(t, apitest.Administrator, "cloud_api_customer/find"), "")
		compare(t, "list", customers, a.Result(t, apitest.Administrator, "cloud_api_customer/list"), "guid")

		one := customers[0]
		groups := made(t, func(i int) *ent.CloudUserGroupCreate {
			return a.Client.CloudUserGroup.Create().SetName(fmt.Sprint(i)).AddCustomerIDs(uuid.MustParse(one))
		}, func(ctx context.Context, some []*ent.CloudUserGroupCreate) ([]uuid.UUID, error) {
			all, err := a.Client.CloudUserGroup.CreateBulk(some...).Save(ctx)
			return ids(all, err, func(g *ent.CloudUserGroup) uuid.UUID { return g.ID })
		})
		result := a.Result(t, apitest.Administrator, "cloud_api_customer/listGroups?customerguid="+one).([]any)
		compare(t, "listGroups", groups, result[0].(map[string]any)["groups"], "cloudusergroupguid")

		spaces := made(t, func(i int) *ent.CloudSpaceCreate {
			return a.Client.CloudSpace.Create().SetName(fmt.Sprint(i)).SetCustomerID(uuid.MustParse(one))
		}, func(ctx context.Context, some []*ent.CloudSpaceCreate) ([]uuid.UUID, error) {
			all, err := a.Client.CloudSpace.CreateBulk(some...).Save(ctx)
			return ids(all, err, func(s *ent.CloudSpace) uuid.UUID { return s.ID })
		})
		compare(t, "listCloudSpaces", spaces, a.Result(t, apitest.Administrator, "cloud_api_customer/listCloudSpaces?customerguid="+one), "guid")
	})
}

// compare compares the guids in a result, which are its values or its values' members with a key.
func compare(t *testing.T, method string, want []string, result any, key string) {
	t.Helper()
	var got []string
	for _, v := range result.([]any) {
		if key != "" {
			v = v.(map[string]any)[key]
		}
		got = append(got, v.(string))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", method, diff)
	}
}

// TestLaterPages: the end of the request's time does not end a list that has begun, because each page has its own time
// limit. A cancelled request breaks the answer off, so that half a list is never mistaken for a whole one.
func TestLaterPages(t *testing.T) {
	a := apitest.New(t, "sqlite://:memory:")
	customers := manyCustomers(t, a)
	for _, c := range []struct {
		name  string
		ends  func(context.Context) (context.Context, func())
		whole bool
	}{
		{"the request's time is over", overdue, true},
		{"the client hangs up", func(ctx context.Context) (context.Context, func()) {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, err := listEnding(t, a, c.ends)
			if !strings.HasPrefix(body, `{"jobguid":null,"result":["`+customers[0]) {
				t.Fatalf("%.60s: the first page is not there", body)
			}
			if whole := err == nil && json.Valid([]byte(body)); whole != c.whole || (whole && !strings.Contains(body, customers[many-1])) {
				t.Errorf("an answer of %d bytes ended with %v", len(body), err)
			}
			aborted := func() bool { return strings.Contains(a.Log.String(), `aborted="TIMEOUT: `) }
			for deadline := time.Now().Add(time.Minute); !c.whole && !aborted(); time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("the log does not say why the answer was broken off: %s", a.Log)
				}
			}
			if c.whole && aborted() {
				t.Errorf("a whole answer is logged as broken off: %s", a.Log)
			}
		})
	}
}

// listEnding calls find over a socket; the call's context ends as soon as its answer has begun.
func listEnding(t *testing.T, a *apitest.API, ends func(context.Context) (context.Context, func())) (string, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, end := ends(r.Context())
		defer end()
		a.Handler.ServeHTTP(&endsWith{w, end}, r.WithContext(ctx))
	}))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/appserver/rest/cloud_api_customer/find", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(apitest.Administrator, apitest.Password)
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// endsWith ends a call's context once its answer has begun.
type endsWith struct {
	http.ResponseWriter
	end func()
}

func (w *endsWith) Write(p []byte) (int, error) {
	defer w.end()
	return w.ResponseWriter.Write(p)
}

// overdue returns a context whose deadline has passed when end is called.
func overdue(ctx context.Context) (context.Context, func()) {
	c := &deadline{Context: ctx, over: make(chan struct{})}
	return c, sync.OnceFunc(func() { close(c.over) })
}

type deadline struct {
	context.Context
	over chan struct{}
}

func (c *deadline) Done() <-chan struct{} { return c.over }

func (c *deadline) Err() error {
	select {
	case <-c.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// TestOwnFault: for a failure of the server the answer has the guid to search the log for, and nothing of the reason.
func TestOwnFault(t *testing.T) {
	a := apitest.New(t, "sqlite://:memory:")
	if answer := a.Get(apitest.Administrator, "cloud_api_customer/list"); answer.Status != http.StatusOK {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	if err := a.Store.Close(); err != nil {
		t.Fatal(err)
	}
	answer := a.Get(apitest.Administrator, "cloud_api_customer/list")
	request := answer.Header.Get("X-Request-Id")
	want := `{"message":"Internal server error","code":8002,"exception":"Internal server error (request ` + request + `)","error":true}`
	if answer.Status != http.StatusInternalServerError || answer.Body != want {
		t.Errorf("%d %s, want 500 %s", answer.Status, answer.Body, want)
	}
	if !strings.Contains(a.Log.String(), request) {
		t.Errorf("the log has nothing of request %s", request)
	}
}
