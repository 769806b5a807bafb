package playground_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"cloudapi/server/api/apitest"
	"cloudapi/server/playground"
)

// screenshot names the environment variable with the file that the test
// paints the playground into, for a person to look at.
const screenshot = "CLOUDAPI_TEST_SCREENSHOT"

// The program as a person sees it: a real browser that can reach nothing but
// the server asks for credentials, runs the first example and shows its answer.
func TestPlaygroundAnswersInABrowserWithoutNetwork(t *testing.T) {
	a := apitest.New(t, "sqlite://"+t.TempDir()+"/playground.db")
	const name = "Seen in the playground"
	a.Customer(t, name)
	server := httptest.NewServer(a.Handler)
	t.Cleanup(server.Close)
	own, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	asPerson := *own
	asPerson.User = url.UserPassword(apitest.Operator, apitest.Password)

	for _, test := range []struct {
		name, address string
		prompts       int
	}{
		{"credentials in the browser's prompt", server.URL, 1},
		{"credentials in the address", asPerson.String(), 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			tab, seen := open(t)
			err := chromedp.Do(tab, chromedp.EmulateViewport(1500, 1000),
				chromedp.Navigate(test.address+playground.Prefix),
				chromedp.Click(chromedp.CSS("button.graphiql-execute-button"), chromedp.NodeVisible),
				chromedp.Poll[chromedp.Void](`document.querySelector('.result-window')?.textContent.includes("`+name+`")`),
				// The documentation is made from the schema that the page asked for.
				chromedp.Click(chromedp.CSS(`button[aria-label="Show Documentation Explorer"]`), chromedp.NodeVisible),
				chromedp.WaitVisible(chromedp.Search(`//a[text()="Mutation"]`)),
				// Suggestions while typing come from the schema as well.
				chromedp.Click(chromedp.CSS(".graphiql-query-editor .CodeMirror-line"), chromedp.NodeVisible),
				chromedp.KeyEvent(kb.End, chromedp.KeyModifiers(chromedp.ModifierCtrl)),
				chromedp.KeyEvent("{ viewe"),
				chromedp.WaitVisible(chromedp.CSS(".CodeMirror-hints")),
				chromedp.KeyEvent(kb.Escape),
				chromedp.Click(chromedp.CSS(`button[aria-label="Open settings dialog"]`), chromedp.NodeVisible),
				chromedp.WaitVisible(chromedp.CSS(".graphiql-dialog")))
			if err != nil {
				t.Fatalf("%v; the browser reported %q", err, seen.reported())
			}
			painted, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if file := os.Getenv(screenshot); file != "" {
				if err := os.WriteFile(file, painted, 0o600); err != nil {
					t.Error(err)
				}
			}
			seen.check(t, own.Host, test.prompts)
		})
	}
}

// observed is what a browser did while it showed the page.
type observed struct {
	cancels    bool // cancel prompts for credentials
	mu         sync.Mutex
	prompts    int
	requests   []string
	complaints []string
}

// reported is what the browser complained of: a broken policy, a failed
// request, an exception.
func (o *observed) reported() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.complaints)
}

func (o *observed) check(t *testing.T, host string, prompts int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.prompts != prompts {
		t.Errorf("the browser asked for credentials %d times, not %d", o.prompts, prompts)
	}
	// The page, eight files, the examples, the schema and the answer.
	if len(o.requests) < 10 {
		t.Errorf("only %d requests were seen: %q", len(o.requests), o.requests)
	}
	for _, address := range o.requests {
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "data" && u.Host != host) {
			t.Errorf("a request left the server: %s", address)
		}
	}
	if len(o.complaints) > 0 {
		t.Errorf("the browser complained: %q", o.complaints)
	}
}

// open starts a browser that reaches loopback only, and signs in when asked.
func open(t *testing.T) (context.Context, *observed) {
	t.Helper()
	// A minute is for a machine that has much else to do.
	return openFor(t, time.Minute)
}

// cancelPrompt makes the browser cancel the prompt for credentials.
func cancelPrompt(o *observed) { o.cancels = true }

func openFor(t *testing.T, limit time.Duration, with ...func(*observed)) (context.Context, *observed) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		// Tests may run as root or in a container, where the sandbox cannot
		// start; the page is our own.
		chromedp.NoSandbox,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	limited, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	browser, closeBrowser := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(closeBrowser)
	tab, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)

	seen := &observed{}
	for _, set := range with {
		set(seen)
	}
	if err := chromedp.Listen(tab, func(event any) { seen.note(tab, event) }); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	_, err := chromedp.Call(tab, fetch.Enable, fetch.EnableParams{HandleAuthRequests: new(true)})
	if err != nil {
		t.Fatal(err)
	}
	return tab, seen
}

func (o *observed) note(tab context.Context, event any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		o.requests = append(o.requests, e.Request.URL)
	case *log.EventEntryAdded:
		if !strings.Contains(e.Entry.Text, "401 (Unauthorized)") || o.prompts == 0 {
			o.complaints = append(o.complaints, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		o.complaints = append(o.complaints, e.ExceptionDetails.Text)
	case *fetch.EventRequestPaused:
		go func() {
			_, _ = chromedp.Call(tab, fetch.ContinueRequest, fetch.ContinueRequestParams{RequestID: e.RequestID})
		}()
	case *fetch.EventAuthRequired:
		o.prompts++
		answer := fetch.ContinueWithAuthParams{RequestID: e.RequestID, AuthChallengeResponse: &fetch.AuthChallengeResponse{
			Response: fetch.AuthChallengeResponseResponseProvideCredentials,
			Username: apitest.Operator, Password: apitest.Password,
		}}
		if o.cancels {
			answer.AuthChallengeResponse = &fetch.AuthChallengeResponse{Response: fetch.AuthChallengeResponseResponseCancelAuth}
		}
		go func() { _, _ = chromedp.Call(tab, fetch.ContinueWithAuth, answer) }()
	}
}
