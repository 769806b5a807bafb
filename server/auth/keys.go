package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// How long the keys of an issuer are used.
const (
	// keysTTL is how long keys are used before they are read again: after that, a key that the issuer has withdrawn
	// verifies nothing.
	keysTTL = 15 * time.Minute
	// keysMaxAge is how long keys are used while the issuer does not answer.
	keysMaxAge = 24 * time.Hour
	// unknownKeyPause is the minimum time between two requests that tokens with unknown keys cause. Anyone can send such tokens.
	unknownKeyPause = 10 * time.Second
	// issuerRetryPause is the minimum time between two requests to an issuer that does not answer.
	issuerRetryPause = 5 * time.Second
	// maxKeysSize bounds an issuer's answer, in bytes.
	maxKeysSize = 1 << 20
)

var (
	errIssuerUnavailable = errors.New("the issuer does not answer")
	errSignature         = errors.New("no key of the issuer verifies the signature")
)

// algorithms returns the accepted signature algorithms: those with a public key, which excludes shared secrets and "none".
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	}
}

func algorithmNames() (names []string) {
	for _, a := range algorithms() {
		names = append(names, string(a))
	}
	return names
}

// retryGate limits how often a failing service is tried again.
type retryGate struct {
	now   func() time.Time
	log   *slog.Logger
	tried time.Time
	err   error
}

func (p *retryGate) try(call func() error) error {
	if p.err != nil && p.now().Sub(p.tried) < issuerRetryPause {
		return p.err
	}
	if p.err = call(); p.err != nil {
		p.err = fmt.Errorf("%w: %w", errIssuerUnavailable, p.err)
		p.log.Warn("the issuer of tokens does not answer", "error", p.err)
	}
	p.tried = p.now()
	return p.err
}

// keySet has the public keys of an issuer. It is safe for concurrent use.
type keySet struct {
	url    string
	client *http.Client
	gate   retryGate

	lock chan struct{} // guards the fields below; waiting for it ends with the request
	keys []jose.JSONWebKey
	read time.Time
}

func newKeySet(url string, client *http.Client, gate retryGate) *keySet {
	return &keySet{url: url, client: client, gate: gate, lock: make(chan struct{}, 1)}
}

// VerifySignature returns the payload of a token that one of the keys has signed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, algorithms())
	if err != nil {
		return nil, err
	}
	if len(jws.Signatures) != 1 {
		return nil, errSignature
	}
	for _, age := range []time.Duration{keysTTL, unknownKeyPause} {
		keys, err := k.keysYoungerThan(ctx, age)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			if id := jws.Signatures[0].Header.KeyID; id != "" && key.KeyID != "" && id != key.KeyID {
				continue
			}
			if payload, err := jws.Verify(key); err == nil {
				return payload, nil
			}
		}
	}
	return nil, errSignature
}

// keysYoungerThan returns the keys, after reading them again if they are older than age. If the issuer does not answer and the
// keys are only due for a routine refresh, it returns the older keys.
func (k *keySet) keysYoungerThan(ctx context.Context, age time.Duration) ([]jose.JSONWebKey, error) {
	select {
	case k.lock <- struct{}{}:
		defer func() { <-k.lock }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if k.age() < age {
		return k.keys, nil
	}
	err := k.gate.try(func() error { return k.fetch(ctx) })
	if err != nil && (age < keysTTL || k.age() > keysMaxAge) {
		return nil, err
	}
	return k.keys, nil
}

func (k *keySet) age() time.Duration {
	if k.read.IsZero() {
		return keysMaxAge + 1
	}
	return k.gate.now().Sub(k.read)
}

func (k *keySet) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issuerTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return err
	}
	answer, err := k.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("its keys: %s", answer.Status)
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return fmt.Errorf("its keys: %w", err)
	}
	k.keys, k.read = usable(set.Keys), k.gate.now()
	return nil
}

// usable filters the keys: it drops those of unknown types, which an issuer may have, and those not for signatures.
func usable(raw []json.RawMessage) (keys []jose.JSONWebKey) {
	for _, text := range raw {
		var key jose.JSONWebKey
		if err := json.Unmarshal(text, &key); err == nil && key.IsPublic() && key.Valid() && key.Use != "enc" {
			keys = append(keys, key)
		}
	}
	return keys
}

// limitedTransport limits the size of an issuer's answers.
type limitedTransport struct{ next http.RoundTripper }

// RoundTrip sends a request and cuts its answer off at the limit.
func (b limitedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := b.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxKeysSize), answer.Body}
	}
	return answer, err
}
