package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// clientTimeout is when a client gives up. It is longer than any server may take, so that a server that exceeds its limits
// is detected.
const clientTimeout = 90 * time.Second

// answer is the answer to one request, as the client sees it.
type answer struct {
	Status     int
	Code       string // of the first error, as in GraphQL
	RetryAfter string // from the header, or from the extensions of the first error
	Body       string
	Err        error // of the connection
	Sent       time.Time
	Took       time.Duration
}

// unsent reports whether no server accepted the connection.
func (a answer) unsent() bool {
	e, ok := errors.AsType[*net.OpError](a.Err)
	return ok && e.Op == "dial"
}

// ok reports whether the request succeeded.
func (a answer) ok() bool { return a.Err == nil && a.Status == http.StatusOK && a.Code == "" }

// job returns the guid of the job in the answer, "" for none.
func (a answer) job() string {
	if guid := gjson.Get(a.Body, "jobguid").String(); guid != "" {
		return guid
	}
	return gjson.Get(a.Body, "data.*.job.id").String()
}

// kind returns a short description of the answer, for counting.
func (a answer) kind() string {
	switch {
	case a.unsent():
		return "nobody there"
	case a.Err != nil:
		return "no answer"
	case a.ok():
		return "done"
	default:
		return fmt.Sprintf("%d %s", a.Status, a.Code)
	}
}

func (a answer) String() string {
	return fmt.Sprintf("%s after %v: %.300s%v", a.kind(), a.Took.Round(time.Millisecond), a.Body, a.Err)
}

// client sends requests as one user.
type client struct{ http *http.Client }

// newClient returns a client that keeps up to n connections.
func newClient(n int) *client {
	return &client{&http.Client{Timeout: clientTimeout, Transport: &http.Transport{
		MaxIdleConnsPerHost: n, MaxConnsPerHost: n,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	}}}
}

const oldPrefix = "/appserver/rest/cloud_api_customer/"

// old calls a method by its old URL; arguments come in pairs.
func (c *client) old(ctx context.Context, base, key, method string, arguments ...string) answer {
	form := url.Values{}
	for i := 0; i+1 < len(arguments); i += 2 {
		form.Set(arguments[i], arguments[i+1])
	}
	return c.send(ctx, base+oldPrefix+method, key, "application/x-www-form-urlencoded", form.Encode())
}

// query runs a GraphQL operation; variables come in pairs of name and value.
func (c *client) query(ctx context.Context, base, key, text string, variables ...any) answer {
	given := map[string]any{}
	for i := 0; i+1 < len(variables); i += 2 {
		if name, ok := variables[i].(string); ok {
			given[name] = variables[i+1]
		}
	}
	body, err := json.Marshal(map[string]any{"query": text, "variables": given})
	if err != nil {
		return answer{Err: err}
	}
	return c.send(ctx, base+"/graphql", key, "application/json", string(body))
}

// send sends a request once: net/http repeats a POST only if nothing of it was sent.
func (c *client) send(ctx context.Context, target, key, form, body string) answer {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(body))
	if err != nil {
		return answer{Err: err}
	}
	r.SetBasicAuth(login, password)
	r.Header.Set("Content-Type", form)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
		// net/http treats the key as permission to repeat the request, unless it cannot read the body again.
		r.GetBody = nil
	}
	begun := time.Now()
	got, err := c.http.Do(r)
	if err != nil {
		return answer{Err: err, Sent: begun, Took: time.Since(begun)}
	}
	text, err := io.ReadAll(got.Body)
	a := answer{
		Status: got.StatusCode, Body: string(bytes.TrimSpace(text)), Err: errors.Join(err, got.Body.Close()),
		Sent: begun, Took: time.Since(begun), RetryAfter: got.Header.Get("Retry-After"),
	}
	first := gjson.Get(a.Body, "errors.0.extensions")
	a.Code = first.Get("code").String()
	if a.RetryAfter == "" {
		a.RetryAfter = first.Get("retryAfter").String()
	}
	if a.Code == "" && a.Status != http.StatusOK {
		a.Code = gjson.Get(a.Body, "message").String()
	}
	return a
}

// metric reads one value from a server's /metrics.
func (c *client) metric(ctx context.Context, base, name string) (float64, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	got, err := c.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var n float64
		if rest, found := strings.CutPrefix(line, name+" "); found {
			_, err := fmt.Sscan(rest, &n)
			return n, err
		}
	}
	return 0, fmt.Errorf("no metric %s", name)
}
