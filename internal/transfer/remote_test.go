package transfer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"cloudapi/internal/transfer"
	"cloudapi/internal/viewer"
	"cloudapi/server/api/apitest"
)

// serve starts a server for an API and returns the address of its old URLs.
func serve(t *testing.T, h http.Handler, login string) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "http://", "http://"+login+":"+strings.ReplaceAll(apitest.Password, " ", "%20")+"@", 1) + "/appserver/rest/"
}

func remote(t *testing.T, address string) *transfer.Remote {
	t.Helper()
	r, err := transfer.NewRemote(address, "", 8)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// forms returns the answers of the old URLs for every object, and the lists.
func forms(t *testing.T, a *apitest.API, login string) map[string]string {
	t.Helper()
	all := map[string]string{}
	ctx := viewer.SystemContext(t.Context())
	ask := func(path string) {
		answer := a.Get(login, path)
		if answer.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, answer.Status, answer.Body)
		}
		all[path] = answer.Body
	}
	users := a.Client.CloudUser.Query().IDsX(ctx)
	for kind, ids := range map[string][]string{
		"customer": texts(a.Client.Customer.Query().IDsX(ctx)), "clouduser": texts(users),
		"cloudusergroup": texts(a.Client.CloudUserGroup.Query().IDsX(ctx)), "cloudspace": texts(a.Client.CloudSpace.Query().IDsX(ctx)),
	} {
		ask("cloud_api_" + kind + "/list")
		for _, id := range ids {
			ask("cloud_api_" + kind + "/getObject?rootobjectguid=" + id)
			ask("cloud_api_" + kind + "/getYAML?" + kind + "guid=" + id)
		}
	}
	return all
}

func texts[T fmt.Stringer](all []T) []string {
	found := make([]string, len(all))
	for i, v := range all {
		found[i] = v.String()
	}
	return found
}

// TestFromARunningServer imports customers from this program's own old URLs, is interrupted in the middle, and continues.
func TestFromARunningServer(t *testing.T) {
	each(t, func(t *testing.T, open func() *apitest.API) {
		old, target := open(), open()
		apitest.People(t, old)
		load(t, old, lines(world(120)))
		if _, err := old.Client.ExecContext(t.Context(), "UPDATE cloud_users SET status = 'CONFIGURED'"); err != nil {
			t.Fatal(err)
		}
		address := serve(t, old.Handler, apitest.Administrator)

		ctx, stop := context.WithCancel(t.Context())
		seen := 0
		_, err := transfer.Load(ctx, stopping{remote(t, address), func() {
			if seen++; seen == 60 {
				stop()
			}
		}}, transfer.Options{Client: target.Client, Dialect: target.Store.Dialect(), Report: func(transfer.Entry) {}})
		if err == nil {
			t.Fatal("an import that is broken off says nothing")
		}
		counts, entries := load(t, target, remote(t, address))
		if !counts.Clean() || counts.Kinds[transfer.KindCustomer].InDatabase != 120 || counts.NoRole == 0 || counts.NoPortalAccount != 120 {
			t.Fatalf("%+v %v", counts, entries)
		}
		if counts, entries = load(t, target, remote(t, address), func(o *transfer.Options) { o.Verify = true }); !counts.Clean() {
			t.Errorf("verification: %v", entries)
		}
		// The test's user differs from the imported one: a password or a role would be a change.
		if _, err := target.Client.ExecContext(t.Context(), "UPDATE cloud_users SET role = 'ADMINISTRATOR', password_hash = (SELECT '"+
			hashOf(t, old)+"') WHERE login = '"+apitest.Administrator+"'"); err != nil {
			t.Fatal(err)
		}
		want, got := forms(t, old, apitest.Administrator), forms(t, target, apitest.Administrator)
		if len(got) != len(want) {
			t.Errorf("%d answers, not %d", len(got), len(want))
		}
		for path, text := range want {
			if got[path] != text {
				t.Errorf("%s\n%s\nnot\n%s", path, got[path], text)
				break
			}
		}
	})
}

func hashOf(t *testing.T, a *apitest.API) string {
	t.Helper()
	for _, u := range a.Client.CloudUser.Query().AllX(viewer.SystemContext(t.Context())) {
		if u.Login == apitest.Administrator {
			return u.PasswordHash
		}
	}
	return ""
}

// stopping calls a function for each object.
type stopping struct {
	transfer.Source
	each func()
}

func (s stopping) Read(ctx context.Context, give func(transfer.Item) error) error {
	return s.Source.Read(ctx, func(i transfer.Item) error {
		s.each()
		return give(i)
	})
}

// TestBrokenServers imports from servers with wrong answers: each answer becomes a line in the report, or ends the import
// with an error without the password.
func TestBrokenServers(t *testing.T) {
	target := apitest.Open(t, "sqlite://"+t.TempDir()+"/test.db")
	list := `{"jobguid":null,"result":[{"guid":"` + id(2, 1) + `"}]}`
	for name, answer := range map[string]struct {
		object string
		status int
		end    string
	}{
		"no base64":   {object: `{"jobguid":null,"result":"%%%"}`},
		"no thrift":   {object: `{"jobguid":null,"result":"////////"}`},
		"no text":     {object: `{"jobguid":null,"result":[1]}`},
		"no JSON":     {object: `<html>`},
		"deep":        {object: `{"jobguid":null,"result":"` + strings.Repeat("DAAB", 5000) + `"}`},
		"huge string": {object: `{"jobguid":null,"result":"CwABf////w=="}`},
		"gone":        {status: 404, object: `{}`},
		"redirect":    {status: 302, object: ``, end: "redirect"},
		"refused":     {status: 401, object: ``, end: "password"},
		"forbidden":   {status: 403, object: ``, end: "administrator"},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "cloud_api_customer/list"):
					_, _ = io.WriteString(w, list)
				case strings.HasSuffix(r.URL.Path, "/list"):
					_, _ = io.WriteString(w, `{"jobguid":null,"result":[]}`)
				default:
					calls.Add(1)
					if answer.status != 0 {
						w.Header().Set("Location", "http://127.0.0.1:1/")
						w.WriteHeader(answer.status)
					}
					_, _ = io.WriteString(w, answer.object)
				}
			})
			var entries []transfer.Entry
			counts, err := transfer.Load(t.Context(), remote(t, serve(t, h, "name")), transfer.Options{
				Client: target.Client, Dialect: target.Store.Dialect(), Report: func(e transfer.Entry) { entries = append(entries, e) },
			})
			text := fmt.Sprint(err, entries)
			if strings.Contains(text, "correct") || strings.Contains(text, "name:") {
				t.Errorf("the password is in %s", text)
			}
			if answer.end != "" {
				if err == nil || !strings.Contains(err.Error(), answer.end) {
					t.Errorf("ended with %v", err)
				}
				return
			}
			if err != nil || counts.Unreadable != 1 || len(entries) != 1 || calls.Load() == 0 {
				t.Errorf("%v %+v %v", err, counts, entries)
			}
		})
	}
}
