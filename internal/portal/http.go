package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"

	"cloudapi/internal/fault"
	"cloudapi/internal/job"
)

// The limits of a call, as documented in docs/portal.md.
const (
	maxTries        = 3
	tryTimeout      = 5 * time.Second
	maxAnswer       = 64 << 10
	breakerFailures = 5 // consecutive failures
	breakerOpenTime = 15 * time.Second
	retryAfter      = 15 * time.Second
)

// HTTP is a portal with an HTTP interface, which docs/portal.md specifies.
type HTTP struct {
	url     string
	client  *http.Client
	breaker *gobreaker.CircuitBreaker[int]
	watch   func(*http.Request) func(status int)
}

// NewHTTP returns the portal at base, an http or https URL without credentials.
func NewHTTP(base string) (*HTTP, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return nil, fault.New(fault.Invalid, "the portal URL must be an http or https URL without credentials")
	}
	return &HTTP{
		url:   u.JoinPath("domains").String(),
		watch: func(*http.Request) func(int) { return func(int) {} },
		client: &http.Client{
			Timeout: tryTimeout,
			// A redirect would send the account's credentials to another address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		breaker: gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
			Name:        "portal",
			Timeout:     breakerOpenTime,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
			// A cancelled call does not count as a failure of the portal.
			IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		}),
	}, nil
}

// Watch sets a function that is called before each HTTP request, whose header it may extend; the function it returns is
// called with the status of the answer, 0 for none. Call Watch before the first request.
func (p *HTTP) Watch(w func(*http.Request) func(status int)) { p.watch = w }

// States returns the names of the circuit breaker's states.
func States() []string {
	return []string{gobreaker.StateClosed.String(), gobreaker.StateHalfOpen.String(), gobreaker.StateOpen.String()}
}

// State returns the state of the circuit breaker: closed while the portal answers, open while no requests are sent,
// half-open while a request tests the portal.
func (p *HTTP) State() string { return p.breaker.State().String() }

// Available returns an error while the circuit is open.
func (p *HTTP) Available() error {
	if p.breaker.State() == gobreaker.StateOpen {
		return unavailableFault().Because(gobreaker.ErrOpenState)
	}
	return nil
}

// Register asks the portal to register a domain.
func (p *HTTP) Register(ctx context.Context, b job.BeforeTx, r Request) error {
	return p.send(ctx, b, "register", r)
}

// Unregister asks the portal to unregister a domain.
func (p *HTTP) Unregister(ctx context.Context, b job.BeforeTx, r Request) error {
	return p.send(ctx, b, "unregister", r)
}

func (p *HTTP) send(ctx context.Context, b job.BeforeTx, action string, r Request) error {
	if err := b.Check(); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{
		"action": action, "domain": r.Domain,
		"customer": r.CustomerID.String(), "job": r.JobID.String(),
	})
	if err != nil {
		return err
	}
	status, err := backoff.Retry(ctx, func() (int, error) {
		status, err := p.breaker.Execute(func() (int, error) { return p.try(ctx, body, r) })
		if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) || ctx.Err() != nil {
			return status, backoff.Permanent(err)
		}
		return status, err
	}, backoff.WithMaxTries(maxTries), backoff.WithBackOff(backoff.NewExponentialBackOff()))
	if err != nil {
		return timeoutFault(ctx, err)
	}
	return statusFault(status, r.Domain)
}

// try sends the request once. A portal that is unavailable, silent or faulty is an error and is retried; the job's guid lets
// the portal recognize the retry. Any other status is an answer.
func (p *HTTP) try(ctx context.Context, body []byte, r Request) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.SetBasicAuth(r.Account.Username, r.Account.Password.Reveal())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", r.JobID.String())
	ended := p.watch(req)
	answer, err := p.client.Do(req)
	if err != nil {
		ended(0)
		return 0, err
	}
	ended(answer.StatusCode)
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.CopyN(io.Discard, answer.Body, maxAnswer); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests {
		return 0, fmt.Errorf("the portal answered %d", answer.StatusCode)
	}
	return answer.StatusCode, nil
}

// timeoutFault returns the fault for a portal that gave no answer.
func timeoutFault(ctx context.Context, err error) error {
	if late := context.Cause(ctx); late != nil {
		if fault.Is(late, fault.Timeout) {
			return late
		}
		return fault.New(fault.Timeout, "The portal did not answer in the time allowed").Because(err)
	}
	return unavailableFault().Because(err)
}

func unavailableFault() *fault.Fault {
	return fault.New(fault.Unavailable, "The portal is not available at the moment").After(retryAfter)
}

// statusFault converts a status into an error, nil for success.
func statusFault(status int, domain string) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return rejectedAccount()
	case status == http.StatusConflict:
		return fault.New(fault.Conflict, "The portal has the domain %s for another account", domain).On("domain")
	case status >= 400 && status < 500:
		return fault.New(fault.Invalid, "The portal refuses the domain %s", domain).On("domain")
	default:
		return fault.New(fault.Unavailable, "The portal gave an answer that is not understood").
			After(retryAfter).Because(fmt.Errorf("status %d", status))
	}
}
