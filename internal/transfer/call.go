package transfer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"github.com/google/uuid"
)

// permanentError is an error of a call for which a retry is useless.
type permanentError struct{ error }

// Unwrap returns the error.
func (p permanentError) Unwrap() error { return p.error }

// fatalError is an error that every call would return: the import ends.
type fatalError struct{ error }

// Unwrap returns the error.
func (f fatalError) Unwrap() error { return f.error }

var errNoMethod = errors.New("the server does not know the method")

// maxAttempts is how often a call is tried before the import gives up.
const maxAttempts = 6

// retry repeats a call after temporary failures.
func (r *Remote) retry(ctx context.Context, call func(context.Context) error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = r.pause, 30*time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := call(ctx)
		var stop permanentError
		var end fatalError
		if errors.As(err, &stop) || errors.As(err, &end) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(maxAttempts), backoff.WithMaxElapsedTime(0))
	var given *backoff.PermanentError
	if errors.As(err, &given) {
		err = given.Err
	}
	return err
}

// call makes one call. Its errors contain neither credentials nor text of the server.
func (r *Remote) call(ctx context.Context, service, method string, parameters url.Values) (io.ReadCloser, error) {
	address := *r.base
	address.Path += "/" + service + "/" + method
	address.RawQuery = parameters.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, permanentError{errors.New("the address of the source is not valid")}
	}
	if r.name != "" {
		request.SetBasicAuth(r.name, r.password.Reveal())
	}
	response, err := r.client.Do(request)
	if bad, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return nil, fatalError{fmt.Errorf("the server's certificate is not trusted: %w", bad.Err)}
	}
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16)
	_ = response.Body.Close()
	return nil, status(response, method)
}

// status returns the error for an answer's status.
func status(response *http.Response, method string) error {
	code := response.StatusCode
	err := fmt.Errorf("%s is answered with status %d", method, code)
	switch {
	case code == http.StatusUnauthorized:
		return fatalError{errors.New("the server refuses the name and password")}
	case code == http.StatusForbidden:
		return fatalError{fmt.Errorf("the user may not call %s: an administrator is needed", method)}
	case code >= 300 && code < 400:
		return fatalError{fmt.Errorf("%s is answered with a redirect, which an import does not follow: give the address that it leads to", method)}
	case code == http.StatusNotFound:
		// The method is unknown, or the object no longer exists.
		return permanentError{fmt.Errorf("%w, or the object is gone", errNoMethod)}
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		if seconds, bad := strconv.Atoi(response.Header.Get("Retry-After")); bad == nil && seconds > 0 {
			return backoff.RetryAfter(min(seconds, 300))
		}
		return err
	case code >= 500:
		return err
	}
	return permanentError{err}
}

// fetchAll requests the objects of a list, some concurrently, and passes them on in the order of the list.
func (r *Remote) fetchAll(ctx context.Context, s oldService, list *guidFile, give func(Item) error) error {
	group, ctx := errgroup.WithContext(ctx)
	// The queue has the answers in their order, each available as soon as it arrives.
	queue := make(chan chan Item, r.concurrency)
	calls := make(chan func(), r.concurrency)
	for range r.concurrency {
		group.Go(func() error {
			for call := range calls {
				call()
			}
			return nil
		})
	}
	group.Go(func() error {
		defer close(queue)
		defer close(calls)
		for {
			id, err := list.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			answer := make(chan Item, 1)
			select {
			case queue <- answer:
			case <-ctx.Done():
				return ctx.Err()
			}
			calls <- func() { answer <- r.item(ctx, s, id) }
		}
	})
	group.Go(func() error {
		for answer := range queue {
			select {
			case i := <-answer:
				var end fatalError
				if errors.As(i.Err, &end) {
					return i.Err
				}
				if err := give(i); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

func (r *Remote) item(ctx context.Context, s oldService, id uuid.UUID) Item {
	i := Item{Where: fmt.Sprintf("%s/%s/getObject?rootobjectguid=%s", r.base, s.name, id)}
	i.Object, i.Err = r.object(ctx, s, id)
	if i.Err != nil {
		i.Object = nil
	}
	return i
}
